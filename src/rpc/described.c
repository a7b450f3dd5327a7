/*
 * Every message and enum gets its place first, then each is filled, because types may refer to each other in any order.
 * Members of a message are at least 8 bytes apart; those of a oneof share a place, as protobuf-c expects.
 */
#include "rpc/described.h"

#include "base/sorting.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/envelope.h"
#include "truss/rpc/v1/rpc.pb-c.h"

#include <string.h>

#define PLACE  ((unsigned)sizeof(uint64_t))            /* of a number, a pointer, a count */
#define VALUE  ((unsigned)sizeof(ProtobufCBinaryData)) /* of any value */
#define MEMBER (PLACE + VALUE)                         /* of a value with its count, or of a oneof with its case */
#define FIRST  ((unsigned)sizeof(ProtobufCMessage))

typedef Google__Protobuf__FileDescriptorSet FileSet;
typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__EnumDescriptorProto Enum;
typedef Google__Protobuf__ServiceDescriptorProto Service;

struct type {
    const char *name;       /* ".truss.sql.v1.QueryRequest", as in field types */
    const void *descriptor; /* what a field refers to: one of the next two, or a descriptor that is compiled in */
    ProtobufCMessageDescriptor *message;
    ProtobufCEnumDescriptor *enumeration;
    const Message *message_as;
    const Enum *enum_as;
};

struct making {
    struct arena *arena;
    struct status *status;
    struct type *types;
    size_t count;
    size_t capacity;
};

static bool fail(const struct making *making, const char *what, const char *name)
{
    return status_fail(making->status, STATUS_INTERNAL, "The worker's description of itself cannot be used: %s %s.",
                       what, name);
}

static const char *said(const char *text)
{
    return text == NULL ? "" : text;
}

/* ---- places ---- */

/* "QueryRequest" of ".truss.sql.v1.QueryRequest" */
static const char *short_name(const char *name)
{
    const char *const dot = strrchr(name, '.');
    return dot == NULL ? name : dot + 1;
}

static struct type *add_type(struct making *making, const char *scope, const char *name)
{
    making->types = arena_grow(making->arena, making->types, making->count, &making->capacity, sizeof *making->types);
    struct type *const type = &making->types[making->count++];
    *type = (struct type){.name = arena_printf(making->arena, "%s.%s", scope, said(name))};
    return type;
}

static void add_enum(struct making *making, const char *scope, const Enum *as)
{
    struct type *const type = add_type(making, scope, as->name);
    type->enum_as = as;
    type->enumeration = arena_alloc(making->arena, sizeof *type->enumeration);
    type->descriptor = type->enumeration;
}

/* JSON has special code for these two types, which it recognises by their descriptors. */
static const ProtobufCMessageDescriptor *own_descriptor(const char *name)
{
    static const ProtobufCMessageDescriptor *const own[] = {&google__protobuf__timestamp__descriptor,
                                                            &truss__rpc__v1__json__descriptor};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(own[i]->name, name + 1) == 0) {
            return own[i];
        }
    }
    return NULL;
}

static void add_message(struct making *making, const char *scope, const Message *as)
{
    struct type *const type = add_type(making, scope, as->name);
    const char *const name = type->name;
    type->descriptor = own_descriptor(name);
    if (type->descriptor == NULL) {
        type->message_as = as;
        type->message = arena_alloc(making->arena, sizeof *type->message);
        type->descriptor = type->message;
    }
    for (size_t i = 0; i < as->n_nested_type; i++) {
        add_message(making, name, as->nested_type[i]);
    }
    for (size_t i = 0; i < as->n_enum_type; i++) {
        add_enum(making, name, as->enum_type[i]);
    }
}

static void add_file(struct making *making, const File *file)
{
    const char *const package = said(file->package);
    const char *const scope = package[0] == '\0' ? "" : arena_printf(making->arena, ".%s", package);
    for (size_t i = 0; i < file->n_message_type; i++) {
        add_message(making, scope, file->message_type[i]);
    }
    for (size_t i = 0; i < file->n_enum_type; i++) {
        add_enum(making, scope, file->enum_type[i]);
    }
}

static const struct type *find(const struct making *making, const char *name)
{
    for (size_t i = 0; name != NULL && i < making->count; i++) {
        if (strcmp(making->types[i].name, name) == 0) {
            return &making->types[i];
        }
    }
    return NULL;
}

/* ---- numbers that are looked up ---- */

/* The ranges of consecutive numbers, as protobuf-c wants them, with an end marker. Returns false if the numbers do not
 * ascend. */
static bool make_ranges(struct arena *arena, const int *numbers, unsigned count, unsigned *range_count,
                        const ProtobufCIntRange **ranges)
{
    ProtobufCIntRange *const made = arena_array(arena, (size_t)count + 1, sizeof *made);
    *range_count = 0;
    *ranges = made;
    for (unsigned i = 0; i < count; i++) {
        if (i > 0 && numbers[i] <= numbers[i - 1]) {
            return false;
        }
        if (i == 0 || numbers[i] != numbers[i - 1] + 1) {
            made[(*range_count)++] = (ProtobufCIntRange){numbers[i], i};
        }
    }
    made[*range_count] = (ProtobufCIntRange){0, count};
    return true;
}

static int by_value(const void *a, const void *b)
{
    const int left = ((const ProtobufCEnumValue *)a)->value;
    const int right = ((const ProtobufCEnumValue *)b)->value;
    return (left > right) - (left < right);
}

static bool fill_enum(const struct making *making, const struct type *type)
{
    const Enum *const as = type->enum_as;
    const unsigned count = (unsigned)as->n_value;
    ProtobufCEnumValue *const values = arena_array(making->arena, count, sizeof *values);
    int *const numbers = arena_array(making->arena, count, sizeof *numbers);
    for (unsigned i = 0; i < count; i++) {
        const char *const name = said(as->value[i]->name);
        values[i] = (ProtobufCEnumValue){name, name, as->value[i]->number};
    }
    sort_items(values, count, sizeof *values, by_value);
    for (unsigned i = 0; i < count; i++) {
        numbers[i] = values[i].value;
    }
    *type->enumeration = (ProtobufCEnumDescriptor){
        .magic = PROTOBUF_C__ENUM_DESCRIPTOR_MAGIC,
        .name = type->name + 1,
        .short_name = short_name(type->name),
        .n_values = count,
        .values = values,
    };
    return make_ranges(making->arena, numbers, count, &type->enumeration->n_value_ranges,
                       &type->enumeration->value_ranges) ||
           fail(making, "two values have one number in", type->name + 1);
}

/* ---- messages ---- */

#define NO_TYPE (-1)

static int type_of(const Field *as)
{
    static const ProtobufCType types[] = {
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_DOUBLE] = PROTOBUF_C_TYPE_DOUBLE,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FLOAT] = PROTOBUF_C_TYPE_FLOAT,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT64] = PROTOBUF_C_TYPE_INT64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT64] = PROTOBUF_C_TYPE_UINT64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_INT32] = PROTOBUF_C_TYPE_INT32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED64] = PROTOBUF_C_TYPE_FIXED64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_FIXED32] = PROTOBUF_C_TYPE_FIXED32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BOOL] = PROTOBUF_C_TYPE_BOOL,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_STRING] = PROTOBUF_C_TYPE_STRING,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_MESSAGE] = PROTOBUF_C_TYPE_MESSAGE,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_BYTES] = PROTOBUF_C_TYPE_BYTES,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_UINT32] = PROTOBUF_C_TYPE_UINT32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_ENUM] = PROTOBUF_C_TYPE_ENUM,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED32] = PROTOBUF_C_TYPE_SFIXED32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SFIXED64] = PROTOBUF_C_TYPE_SFIXED64,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT32] = PROTOBUF_C_TYPE_SINT32,
        [GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_SINT64] = PROTOBUF_C_TYPE_SINT64,
    };
    const size_t number = (size_t)as->type;
    const bool is_one = number >= 1 && number < sizeof types / sizeof types[0] &&
                        as->type != GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP;
    return is_one ? (int)types[number] : NO_TYPE;
}

static bool is_packed(ProtobufCType type)
{
    return type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES && type != PROTOBUF_C_TYPE_MESSAGE;
}

/* Its place is `at`, unless it is a member of a oneof: these come first. */
static bool fill_field(const struct making *making, const Field *as, const Message *of, unsigned at,
                       ProtobufCFieldDescriptor *to)
{
    const int type = type_of(as);
    const bool is_repeated = as->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
    const bool is_of_oneof = as->has_oneof_index != 0 && !is_repeated;
    const struct type *const named = find(making, as->type_name);
    const bool needs_name = type == PROTOBUF_C_TYPE_MESSAGE || type == PROTOBUF_C_TYPE_ENUM;
    const bool is_named = named != NULL && (named->enum_as != NULL) == (type == PROTOBUF_C_TYPE_ENUM);
    if (type == NO_TYPE || as->number < 1 || (needs_name && !is_named) ||
        (is_of_oneof && (as->oneof_index < 0 || (size_t)as->oneof_index >= of->n_oneof_decl))) {
        return fail(making, "there is no such type of a field as that of", said(as->name));
    }
    const unsigned place = is_of_oneof ? FIRST + (unsigned)as->oneof_index * MEMBER : at;
    *to = (ProtobufCFieldDescriptor){
        .name = said(as->name),
        .id = (uint32_t)as->number,
        .label = is_repeated ? PROTOBUF_C_LABEL_REPEATED : PROTOBUF_C_LABEL_NONE,
        .type = (ProtobufCType)type,
        .quantifier_offset = is_repeated || is_of_oneof ? place : 0,
        .offset = place + PLACE,
        .descriptor = needs_name ? named->descriptor : NULL,
        .default_value = type == PROTOBUF_C_TYPE_STRING && !is_repeated ? &protobuf_c_empty_string : NULL,
        .flags = is_of_oneof                                     ? PROTOBUF_C_FIELD_FLAG_ONEOF
                 : is_repeated && is_packed((ProtobufCType)type) ? PROTOBUF_C_FIELD_FLAG_PACKED
                                                                 : 0,
    };
    return true;
}

static int by_id(const void *a, const void *b)
{
    const uint32_t left = ((const ProtobufCFieldDescriptor *)a)->id;
    const uint32_t right = ((const ProtobufCFieldDescriptor *)b)->id;
    return (left > right) - (left < right);
}

static bool fill_message(const struct making *making, const struct type *type)
{
    const Message *const as = type->message_as;
    const unsigned count = (unsigned)as->n_field;
    const unsigned start = FIRST + (unsigned)as->n_oneof_decl * MEMBER;
    ProtobufCFieldDescriptor *const fields = arena_array(making->arena, count, sizeof *fields);
    int *const ids = arena_array(making->arena, count, sizeof *ids);
    for (unsigned i = 0; i < count; i++) {
        if (!fill_field(making, as->field[i], as, start + i * MEMBER, &fields[i])) {
            return false;
        }
    }
    sort_items(fields, count, sizeof *fields, by_id);
    for (unsigned i = 0; i < count; i++) {
        ids[i] = (int)fields[i].id;
    }
    *type->message = (ProtobufCMessageDescriptor){
        .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
        .name = type->name + 1,
        .short_name = short_name(type->name),
        .sizeof_message = start + count * MEMBER,
        .n_fields = count,
        .fields = fields,
    };
    return make_ranges(making->arena, ids, count, &type->message->n_field_ranges, &type->message->field_ranges) ||
           fail(making, "two fields have one number in", type->name + 1);
}

static bool fill_types(const struct making *making)
{
    for (size_t i = 0; i < making->count; i++) {
        const struct type *const type = &making->types[i];
        if ((type->enum_as != NULL && !fill_enum(making, type)) ||
            (type->message_as != NULL && !fill_message(making, type))) {
            return false;
        }
    }
    return true;
}

/* ---- services ---- */

/* The indexes of methods in the order of their names, which protobuf-c searches. */
static const unsigned *order_by_name(struct arena *arena, const ProtobufCMethodDescriptor *methods, size_t count)
{
    unsigned *const order = arena_array(arena, count, sizeof *order);
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && strcmp(methods[order[at - 1]].name, methods[i].name) > 0; at--) {
            order[at] = order[at - 1];
        }
        order[at] = (unsigned)i;
    }
    return order;
}

static const ProtobufCServiceDescriptor *make_service(const struct making *making, const char *package,
                                                      const Service *as)
{
    ProtobufCServiceDescriptor *const service = arena_alloc(making->arena, sizeof *service);
    ProtobufCMethodDescriptor *const methods = arena_array(making->arena, as->n_method, sizeof *methods);
    for (size_t i = 0; i < as->n_method; i++) {
        const struct type *const input = find(making, as->method[i]->input_type);
        const struct type *const output = find(making, as->method[i]->output_type);
        if (input == NULL || output == NULL || input->enum_as != NULL || output->enum_as != NULL) {
            fail(making, "there are no such messages as those of", said(as->method[i]->name));
            return NULL;
        }
        methods[i] = (ProtobufCMethodDescriptor){said(as->method[i]->name), input->descriptor, output->descriptor};
    }
    *service = (ProtobufCServiceDescriptor){
        .magic = PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC,
        .name = arena_printf(making->arena, "%s.%s", package, said(as->name)),
        .short_name = said(as->name),
        .package = package,
        .n_methods = (unsigned)as->n_method,
        .methods = methods,
        .method_indices_by_name = order_by_name(making->arena, methods, as->n_method),
    };
    return service;
}

static bool make_services(const struct making *making, const FileSet *set, struct described *described)
{
    const ProtobufCServiceDescriptor **services = NULL;
    size_t capacity = 0;
    described->count = 0;
    for (size_t i = 0; i < set->n_file; i++) {
        const File *const file = set->file[i];
        for (size_t j = 0; j < file->n_service; j++) {
            services = arena_grow(making->arena, services, described->count, &capacity, sizeof *services);
            services[described->count] = make_service(making, said(file->package), file->service[j]);
            if (services[described->count++] == NULL) {
                return false;
            }
        }
    }
    described->services = services;
    return true;
}

bool described_read(struct arena *arena, struct text set, struct described *described, struct status *status)
{
    struct making making = {.arena = arena, .status = status};
    const FileSet *const files =
        (const FileSet *)rpc_unpack(arena, &google__protobuf__file_descriptor_set__descriptor, set, status);
    if (files == NULL) {
        return false;
    }
    for (size_t i = 0; i < files->n_file; i++) {
        add_file(&making, files->file[i]);
    }
    return fill_types(&making) && make_services(&making, files, described);
}
