noinst_LIBRARIES += librule.a
librule_a_SOURCES =

librule_a_SOURCES += \
	milter/rule/access.c milter/rule/access.h \
	milter/rule/access_find.c milter/rule/access_internal.h \
	milter/rule/access_parse.c milter/rule/access_postfix.c \
	milter/rule/dict.c milter/rule/dict.h \
	milter/rule/dict_entry.c milter/rule/dict_entry.h \
	milter/rule/dict_fold.c milter/rule/dict_fold.h \
	milter/rule/dict_import.c milter/rule/dict_import.h \
	milter/rule/dict_parse.c milter/rule/dict_parse.h

check_PROGRAMS += t/unit/bin/rule_dict t/unit/bin/rule_dict_fold
t_unit_bin_rule_dict_SOURCES = t/unit/rule_dict.c
t_unit_bin_rule_dict_LDADD = $(RULE_LIBS)
t_unit_bin_rule_dict_fold_SOURCES = t/unit/rule_dict_fold.c
t_unit_bin_rule_dict_fold_LDADD = $(RULE_LIBS)

librule_a_SOURCES += \
	milter/rule/check.c milter/rule/check.h \
	milter/rule/compile.c milter/rule/compile.h \
	milter/rule/cond.c milter/rule/cond.h \
	milter/rule/dialect.c milter/rule/dialect.h \
	milter/rule/dialect_behind.c milter/rule/dialect_class.c \
	milter/rule/dialect_escape.c milter/rule/dialect_flags.c \
	milter/rule/dialect_group.c milter/rule/dialect_quantifier.c \
	milter/rule/dialect_property.c milter/rule/property.def \
	milter/rule/dump.c milter/rule/dump.h \
	milter/rule/evalcall.c milter/rule/evalcall.h \
	milter/rule/expr.c milter/rule/expr.h \
	milter/rule/finish.c milter/rule/loader.h \
	milter/rule/keyword.c milter/rule/keyword.h \
	milter/rule/keyword.def milter/rule/plugin.def \
	milter/rule/feature.def milter/rule/evalfn.def \
	milter/rule/lex.c milter/rule/lex.h \
	milter/rule/limits.h \
	milter/rule/meta.c milter/rule/meta.h milter/rule/meta_outlook.c \
	milter/rule/meta_run.c \
	milter/rule/range.c milter/rule/range.h \
	milter/rule/parse.c milter/rule/parse.h \
	milter/rule/parse_pattern.c \
	milter/rule/pattern.c milter/rule/pattern.h \
	milter/rule/plugin.c milter/rule/plugin.h \
	milter/rule/probe.c milter/rule/probe.h \
	milter/rule/replace.c milter/rule/replace.h \
	milter/rule/ruleset.c milter/rule/ruleset.h \
	milter/rule/settings.c milter/rule/settings.h \
	milter/rule/source.c \
	milter/rule/template.c milter/rule/template.h \
	milter/rule/truth.c milter/rule/truth.h \
	milter/rule/truth_compile.c

check_PROGRAMS += t/unit/bin/rule_dict_import
t_unit_bin_rule_dict_import_SOURCES = t/unit/rule_dict_import.c
t_unit_bin_rule_dict_import_LDADD = $(RULE_LIBS)

check_PROGRAMS += t/unit/bin/rule_access t/unit/bin/rule_access_postfix
t_unit_bin_rule_access_SOURCES = t/unit/rule_access.c
t_unit_bin_rule_access_LDADD = $(RULE_LIBS)
t_unit_bin_rule_access_postfix_SOURCES = t/unit/rule_access_postfix.c
t_unit_bin_rule_access_postfix_LDADD = $(RULE_LIBS)

check_PROGRAMS += t/unit/bin/rule_expr t/unit/bin/rule_pattern \
	t/unit/bin/rule_check t/unit/bin/rule_meta t/unit/bin/rule_parse \
	t/unit/bin/rule_range t/unit/bin/rule_replace \
	t/unit/bin/rule_truth
t_unit_bin_rule_expr_SOURCES = t/unit/rule_expr.c
t_unit_bin_rule_expr_LDADD = $(RULE_LIBS) -lm
t_unit_bin_rule_pattern_SOURCES = t/unit/rule_pattern.c
t_unit_bin_rule_pattern_LDADD = $(RULE_LIBS)
t_unit_bin_rule_meta_SOURCES = t/unit/rule_meta.c
t_unit_bin_rule_meta_LDADD = $(RULE_LIBS)
t_unit_bin_rule_parse_SOURCES = t/unit/rule_parse.c
t_unit_bin_rule_parse_LDADD = $(RULE_LIBS)
t_unit_bin_rule_check_SOURCES = t/unit/rule_check.c
t_unit_bin_rule_check_LDADD = $(RULE_LIBS)
t_unit_bin_rule_range_SOURCES = t/unit/rule_range.c t/unit/expr_of.h
t_unit_bin_rule_range_LDADD = $(RULE_LIBS)
t_unit_bin_rule_replace_SOURCES = t/unit/rule_replace.c
t_unit_bin_rule_replace_LDADD = $(RULE_LIBS)
t_unit_bin_rule_truth_SOURCES = t/unit/rule_truth.c t/unit/expr_of.h
t_unit_bin_rule_truth_LDADD = $(RULE_LIBS)

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_rules t/fuzz/fuzz_pattern t/fuzz/fuzz_probe
t_fuzz_fuzz_rules_SOURCES = t/fuzz/fuzz_rules.c
t_fuzz_fuzz_rules_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_rules_LDADD = $(RULE_LIBS)
t_fuzz_fuzz_pattern_SOURCES = t/fuzz/fuzz_pattern.c
t_fuzz_fuzz_pattern_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_pattern_LDADD = $(RULE_LIBS)
t_fuzz_fuzz_probe_SOURCES = t/fuzz/fuzz_probe.c
t_fuzz_fuzz_probe_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_probe_LDADD = $(RULE_LIBS)
endif

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_dict_fold t/fuzz/fuzz_access
t_fuzz_fuzz_dict_fold_SOURCES = t/fuzz/fuzz_dict_fold.c
t_fuzz_fuzz_dict_fold_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_dict_fold_LDADD = $(RULE_LIBS)
t_fuzz_fuzz_access_SOURCES = t/fuzz/fuzz_access.c
t_fuzz_fuzz_access_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_access_LDADD = $(RULE_LIBS)
endif
check_PROGRAMS += t/bench/bin/access
t_bench_bin_access_SOURCES = t/bench/access.c
t_bench_bin_access_LDADD = $(RULE_LIBS)
