# cmake -DSET=truss.binpb -DOUT=descriptors.h -P embed_descriptors.cmake: the bytes that GetDescriptors answers.
file(READ ${SET} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
file(WRITE ${OUT} "/* Made of proto/ by embed_descriptors.cmake. */\nstatic const unsigned char descriptors[] = {${bytes}};\n")
