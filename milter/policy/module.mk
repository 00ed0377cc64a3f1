noinst_LIBRARIES += libpolicy.a
libpolicy_a_SOURCES = \
	milter/policy/config.c milter/policy/config.h milter/policy/config.def \
	milter/policy/facts.c milter/policy/facts.h \
	milter/policy/reply.c milter/policy/reply.h milter/policy/reply.def \
	milter/policy/reply_variables.def \
	milter/policy/verdict.c milter/policy/verdict.h

check_PROGRAMS += t/unit/bin/policy_config t/unit/bin/policy_facts \
	t/unit/bin/policy_reply
t_unit_bin_policy_config_SOURCES = t/unit/policy_config.c
t_unit_bin_policy_config_LDADD = $(POLICY_LIBS)
t_unit_bin_policy_facts_SOURCES = t/unit/policy_facts.c
t_unit_bin_policy_facts_LDADD = $(POLICY_LIBS)
t_unit_bin_policy_reply_SOURCES = t/unit/policy_reply.c
t_unit_bin_policy_reply_LDADD = $(POLICY_LIBS)
