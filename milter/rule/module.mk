noinst_LIBRARIES += librule.a
librule_a_SOURCES =

librule_a_SOURCES += \
	milter/rule/dict.c milter/rule/dict.h \
	milter/rule/dict_entry.c milter/rule/dict_entry.h \
	milter/rule/dict_fold.c milter/rule/dict_fold.h \
	milter/rule/dict_parse.c milter/rule/dict_parse.h

check_PROGRAMS += t/unit/bin/rule_dict t/unit/bin/rule_dict_fold
t_unit_bin_rule_dict_SOURCES = t/unit/rule_dict.c
t_unit_bin_rule_dict_LDADD = $(RULE_LIBS)
t_unit_bin_rule_dict_fold_SOURCES = t/unit/rule_dict_fold.c
t_unit_bin_rule_dict_fold_LDADD = $(RULE_LIBS)
