/*
 * Functions, types, and what is built of them: casts, operators, their classes and families, text search.
 */
#include "pg/objects_parts.h"

#define AGGREGATE                                                                                                      \
    "(SELECT pg_catalog.concat_ws(' ', pg_catalog.format_type(o.prorettype, NULL), g.aggkind, g.aggnumdirectargs, "    \
    "'SFUNC', g.aggtransfn::regprocedure, 'STYPE', pg_catalog.format_type(g.aggtranstype, NULL), g.aggtransspace, "    \
    "'FINALFUNC', g.aggfinalfn::regprocedure, g.aggfinalextra, g.aggfinalmodify, 'COMBINEFUNC', "                      \
    "g.aggcombinefn::regprocedure, 'SERIALFUNC', g.aggserialfn::regprocedure, 'DESERIALFUNC', "                        \
    "g.aggdeserialfn::regprocedure, 'MSFUNC', g.aggmtransfn::regprocedure, 'MINVFUNC', "                               \
    "g.aggminvtransfn::regprocedure, 'MSTYPE', pg_catalog.format_type(nullif(g.aggmtranstype, 0), NULL), "             \
    "g.aggmtransspace, 'MFINALFUNC', g.aggmfinalfn::regprocedure, g.aggmfinalextra, g.aggmfinalmodify, 'INITCOND ' "   \
    "|| pg_catalog.quote_literal(g.agginitval), 'MINITCOND ' || pg_catalog.quote_literal(g.aggminitval), 'SORTOP', "   \
    "g.aggsortop::regoperator, o.proparallel, o.provolatile) FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = o.oid)"

/* ---- types ---- */

#define ENUM                                                                                                           \
    "(SELECT 'ENUM ' || coalesce(pg_catalog.string_agg(pg_catalog.quote_literal(l.enumlabel), ', ' ORDER BY "          \
    "l.enumsortorder), '') FROM pg_catalog.pg_enum l WHERE l.enumtypid = o.oid)"

#define DOMAIN                                                                                                         \
    "pg_catalog.concat_ws(' ', 'DOMAIN', pg_catalog.format_type(o.typbasetype, o.typtypmod), CASE WHEN "               \
    "o.typcollation "                                                                                                  \
    "<> (SELECT b.typcollation FROM pg_catalog.pg_type b WHERE b.oid = o.typbasetype) THEN (SELECT 'COLLATE ' || "     \
    "i.identity FROM pg_catalog.pg_identify_object('pg_catalog.pg_collation'::regclass, o.typcollation, 0) AS i) "     \
    "END, "                                                                                                            \
    "CASE WHEN o.typnotnull THEN 'NOT NULL' END, o.typdefault, (SELECT pg_catalog.string_agg("                         \
    "pg_catalog.pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname COLLATE \"C\") FROM pg_catalog.pg_constraint k "   \
    "WHERE k.contypid = o.oid AND k.contype = 'c'))"

#define RANGE                                                                                                          \
    "(SELECT pg_catalog.concat_ws(' ', 'RANGE', pg_catalog.format_type(r.rngsubtype, NULL), (SELECT i.identity FROM "  \
    "pg_catalog.pg_identify_object('pg_catalog.pg_opclass'::regclass, r.rngsubopc, 0) AS i), CASE WHEN "               \
    "r.rngcollation <> 0 THEN (SELECT 'COLLATE ' || i.identity FROM pg_catalog.pg_identify_object("                    \
    "'pg_catalog.pg_collation'::regclass, r.rngcollation, 0) AS i) END, r.rngcanonical::regprocedure, "                \
    "r.rngsubdiff::regprocedure, 'MULTIRANGE ' || pg_catalog.format_type((pg_catalog.to_jsonb(r) ->> "                 \
    "'rngmultitypid')::oid, NULL)) FROM pg_catalog.pg_range r WHERE r.rngtypid = o.oid)"

#define BASE                                                                                                           \
    "pg_catalog.concat_ws(' ', CASE WHEN o.typisdefined THEN 'BASE' ELSE 'SHELL' END, o.typinput::regprocedure, "      \
    "o.typoutput::regprocedure, o.typreceive::regprocedure, o.typsend::regprocedure, o.typmodin::regprocedure, "       \
    "o.typmodout::regprocedure, o.typanalyze::regprocedure, nullif(pg_catalog.to_jsonb(o) ->> 'typsubscript', '-'), "  \
    "o.typlen, o.typbyval, o.typalign, o.typstorage, o.typcategory, o.typispreferred, o.typdelim, "                    \
    "pg_catalog.format_type(nullif(o.typelem, 0), NULL), o.typcollation <> 0, o.typdefault)"

#define COMPOSITE                                                                                                      \
    "'COMPOSITE ' || (SELECT coalesce(pg_catalog.string_agg(pg_catalog.concat_ws(' ', pg_catalog.quote_ident("         \
    "a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <> t.typcollation THEN "    \
    "(SELECT 'COLLATE ' || i.identity FROM pg_catalog.pg_identify_object('pg_catalog.pg_collation'::regclass, "        \
    "a.attcollation, 0) AS i) END), ', ' ORDER BY a.attnum), '') FROM pg_catalog.pg_attribute a JOIN "                 \
    "pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = o.typrelid AND a.attnum > 0 AND NOT "               \
    "a.attisdropped)"

static const char type_definition[] = "CASE o.typtype WHEN 'e' THEN " ENUM " WHEN 'd' THEN " DOMAIN
                                      " WHEN 'r' THEN " RANGE " WHEN 'c' THEN " COMPOSITE " ELSE " BASE " END";

/* Not the types that the server makes with others: of rows, arrays, and multiranges. */
static const char type_where[] =
    "(o.typtype IN ('e', 'd', 'r', 'p') OR (o.typtype = 'c' AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE "
    "c.oid = o.typrelid) = 'c') OR (o.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray "
    "= "
    "o.oid)))";

/* Kinds of tokens are numbers: asking for their names would run the parser's code. */
static const char configuration[] =
    "pg_catalog.concat_ws(' ', (SELECT i.identity FROM pg_catalog.pg_identify_object("
    "'pg_catalog.pg_ts_parser'::regclass, o.cfgparser, 0) AS i), (SELECT pg_catalog.string_agg(m.maptokentype || ':' "
    "|| "
    "m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_catalog.pg_ts_config_map m WHERE "
    "m.mapcfg = o.oid))";

static const char operator[] =
    "pg_catalog.concat_ws(' ', o.oprcode::regprocedure, pg_catalog.format_type(nullif(o.oprresult, 0), NULL), "
    "'COMMUTATOR', o.oprcom::regoperator, 'NEGATOR', o.oprnegate::regoperator, 'RESTRICT', o.oprrest::regprocedure, "
    "'JOIN', o.oprjoin::regprocedure, CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' "
    "END)";

static const char operator_class[] =
    "pg_catalog.concat_ws(' ', CASE WHEN o.opcdefault THEN 'DEFAULT' END, 'FOR TYPE', pg_catalog.format_type("
    "o.opcintype, NULL), 'FAMILY', (SELECT i.identity FROM pg_catalog.pg_identify_object("
    "'pg_catalog.pg_opfamily'::regclass, o.opcfamily, 0) AS i), 'STORAGE ' || pg_catalog.format_type(nullif("
    "o.opckeytype, 0), NULL))";

const struct objects_part objects_code[] = {
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_proc",
        .kind = "CASE o.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END",
        .schema = "pronamespace",
        .name = "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(o.proname) || '(' || "
                "pg_catalog.pg_get_function_identity_arguments(o.oid) || ')'",
        .definition = "CASE WHEN o.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(o.oid) ELSE " AGGREGATE " END",
        .owner = "o.proowner",
        .acl = "o.proacl",
        .letter = "f",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_type",
        .kind = "type",
        .schema = "typnamespace",
        .named = "o.typname",
        .definition = type_definition,
        .owner = "o.typowner",
        .acl = "o.typacl",
        .letter = "T",
        .more = "CASE WHEN o.typtype = 'd' THEN 'CONSTRAINTS ' || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident("
                "k.conname), ', ' ORDER BY k.conname COLLATE \"C\") FROM pg_catalog.pg_constraint k WHERE k.contypid = "
                "o.oid) END",
        .where = type_where,
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_cast",
        .kind = "cast",
        .definition = "pg_catalog.concat_ws(' ', o.castcontext, o.castmethod, o.castfunc::regprocedure)",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_transform",
        .kind = "transform",
        .name = "'for ' || pg_catalog.format_type(o.trftype, NULL) || ' language ' || (SELECT pg_catalog.quote_ident("
                "l.lanname) FROM pg_catalog.pg_language l WHERE l.oid = o.trflang)",
        .definition =
            "pg_catalog.concat_ws(' ', 'FROM SQL', o.trffromsql::regprocedure, 'TO SQL', o.trftosql::regprocedure)",
    },
    /* The version of a collation is that of the operating system's data, on the same server. */
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_collation",
        .kind = "collation",
        .schema = "collnamespace",
        .named = "o.collname",
        .definition = "(pg_catalog.to_jsonb(o) - '{oid,collname,collnamespace,collowner,collversion}'::text[])::text",
        .owner = "o.collowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_conversion",
        .kind = "conversion",
        .schema = "connamespace",
        .named = "o.conname",
        .definition =
            "pg_catalog.concat_ws(' ', pg_catalog.pg_encoding_to_char(o.conforencoding), "
            "pg_catalog.pg_encoding_to_char(o.contoencoding), o.conproc::regprocedure, CASE WHEN o.condefault "
            "THEN 'DEFAULT' END)",
        .owner = "o.conowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_ts_parser",
        .kind = "text search parser",
        .schema = "prsnamespace",
        .named = "o.prsname",
        .definition = "pg_catalog.concat_ws(' ', o.prsstart::regprocedure, o.prstoken::regprocedure, "
                      "o.prsend::regprocedure, o.prsheadline::regprocedure, o.prslextype::regprocedure)",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_ts_template",
        .kind = "text search template",
        .schema = "tmplnamespace",
        .named = "o.tmplname",
        .definition = "pg_catalog.concat_ws(' ', o.tmplinit::regprocedure, o.tmpllexize::regprocedure)",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_ts_dict",
        .kind = "text search dictionary",
        .schema = "dictnamespace",
        .named = "o.dictname",
        .definition = "pg_catalog.concat_ws(' ', (SELECT i.identity FROM pg_catalog.pg_identify_object("
                      "'pg_catalog.pg_ts_template'::regclass, o.dicttemplate, 0) AS i), o.dictinitoption)",
        .owner = "o.dictowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_ts_config",
        .kind = "text search configuration",
        .schema = "cfgnamespace",
        .named = "o.cfgname",
        .definition = configuration,
        .owner = "o.cfgowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_operator",
        .kind = "operator",
        .definition = operator,
        .owner = "o.oprowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_opclass",
        .kind = "operator class",
        .definition = operator_class,
        .owner = "o.opcowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_opfamily",
        .kind = "operator family",
        .definition = "''",
        .owner = "o.opfowner",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_amop",
        .kind = "operator of a family",
        .definition =
            "pg_catalog.concat_ws(' ', o.amopopr::regoperator, o.amoppurpose, CASE WHEN o.amopsortfamily <> 0 "
            "THEN (SELECT i.identity FROM pg_catalog.pg_identify_object('pg_catalog.pg_opfamily'::regclass, "
            "o.amopsortfamily, 0) AS i) END)",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_amproc",
        .kind = "function of a family",
        .definition = "o.amproc::regprocedure::text",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_am",
        .kind = "access method",
        .definition = "pg_catalog.concat_ws(' ', o.amtype, o.amhandler::regprocedure)",
    },
    {
        OBJECTS_ALWAYS,
        .catalog = "pg_language",
        .kind = "language",
        .named = "o.lanname",
        .definition = "pg_catalog.concat_ws(' ', CASE WHEN o.lanpltrusted THEN 'TRUSTED' END, "
                      "o.lanplcallfoid::regprocedure, o.laninline::regprocedure, o.lanvalidator::regprocedure)",
        .owner = "o.lanowner",
        .acl = "o.lanacl",
        .letter = "l",
    },
    {OBJECTS_ALWAYS},
};
