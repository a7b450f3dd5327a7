# find_package(truss REQUIRED); target_link_libraries(… truss::truss). What is linked, and how, is truss.pc's word: this finds the one
# that lies beside it.
find_package(PkgConfig REQUIRED)
set(truss_path "$ENV{PKG_CONFIG_PATH}")
set(ENV{PKG_CONFIG_PATH} "${CMAKE_CURRENT_LIST_DIR}/../../pkgconfig:${truss_path}")
pkg_check_modules(TRUSS REQUIRED IMPORTED_TARGET GLOBAL truss)
set(ENV{PKG_CONFIG_PATH} "${truss_path}")
if(NOT TARGET truss::truss)
  add_library(truss::truss ALIAS PkgConfig::TRUSS)
endif()
