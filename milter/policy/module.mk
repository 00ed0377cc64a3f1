noinst_LIBRARIES += libpolicy.a
libpolicy_a_SOURCES = \
	milter/policy/gate_name.def \
	milter/policy/dns_conf.c milter/policy/dns_conf.h \
	milter/policy/helo.c milter/policy/helo.h \
	milter/policy/gate_said.c milter/policy/gate_said.h \
	milter/policy/eval_body.c milter/policy/eval_subject.c \
	milter/policy/config.c milter/policy/config.h milter/policy/config.def \
	milter/policy/decision.c milter/policy/decision.h \
	milter/policy/engine.c milter/policy/engine.h \
	milter/policy/engine_hits.c milter/policy/engine_hits.h \
	milter/policy/evalfns.c milter/policy/evalfns.h milter/policy/evalfns.def \
	milter/policy/eval_html.c milter/policy/eval_html_link.c \
	milter/policy/eval_image.c milter/policy/image.c milter/policy/image.h \
	milter/policy/eval_locale.c milter/policy/eval_locale.h \
	milter/policy/eval_mime.c \
	milter/policy/eval_part.c milter/policy/eval_part.h \
	milter/policy/stock.c milter/policy/stock.h \
	milter/policy/eval_text.c milter/policy/eval_words.c \
	milter/policy/evalarg.c milter/policy/evalarg.h \
	milter/policy/eval_slot.def milter/policy/eval_tables.h \
	milter/policy/address_list.c milter/policy/address_list.h \
	milter/policy/address_list.def \
	milter/policy/eval_addresses.c milter/policy/eval_addresses.h \
	milter/policy/auth.c milter/policy/auth.h milter/policy/eval_auth.c \
	milter/policy/eval_bounce.c milter/policy/eval_freemail.c \
	milter/policy/eval_list.c \
	milter/policy/freemail.c milter/policy/freemail.h \
	milter/policy/host_list.c milter/policy/host_list.h \
	milter/policy/eval_date.c milter/policy/eval_forged.c \
	milter/policy/eval_header.c milter/policy/eval_pattern.def \
	milter/policy/eval_recipients.c milter/policy/eval_relay.c \
	milter/policy/eval_value.c milter/policy/eval_value.h \
	milter/policy/facts.c milter/policy/facts.h \
	milter/policy/gate.c milter/policy/gate.h \
	milter/policy/guard.c milter/policy/guard.h \
	milter/policy/mail_conf.c milter/policy/mail_conf.h \
	milter/policy/rep_conf.c milter/policy/rep_conf.h \
	milter/policy/reply.c milter/policy/reply.h milter/policy/reply.def \
	milter/policy/reply_variables.def \
	milter/policy/score.c milter/policy/score.h \
	milter/policy/snapshot.c milter/policy/snapshot.h \
	milter/policy/trace.c milter/policy/trace.h \
	milter/policy/verdict.c milter/policy/verdict.h

check_PROGRAMS += t/unit/bin/policy_evals t/unit/bin/policy_auth
t_unit_bin_policy_auth_SOURCES = t/unit/policy_auth.c
t_unit_bin_policy_auth_LDADD = $(POLICY_LIBS)
t_unit_bin_policy_evals_SOURCES = t/unit/policy_evals.c
t_unit_bin_policy_evals_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_rep_shadow
t_unit_bin_policy_rep_shadow_SOURCES = t/unit/policy_rep_shadow.c
t_unit_bin_policy_rep_shadow_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_image
t_unit_bin_policy_image_SOURCES = t/unit/policy_image.c
t_unit_bin_policy_image_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_helo
t_unit_bin_policy_helo_SOURCES = t/unit/policy_helo.c
t_unit_bin_policy_helo_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_mail_conf
t_unit_bin_policy_mail_conf_SOURCES = t/unit/policy_mail_conf.c
t_unit_bin_policy_mail_conf_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_order
t_unit_bin_policy_order_SOURCES = t/unit/policy_order.c
t_unit_bin_policy_order_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_helpers
t_unit_bin_policy_helpers_SOURCES = t/unit/policy_helpers.c
t_unit_bin_policy_helpers_LDADD = $(POLICY_LIBS)

check_PROGRAMS += t/unit/bin/policy_engine
t_unit_bin_policy_engine_SOURCES = t/unit/policy_engine.c
t_unit_bin_policy_engine_LDADD = $(POLICY_LIBS)
check_PROGRAMS += t/unit/bin/policy_config t/unit/bin/policy_facts \
	t/unit/bin/policy_guard t/unit/bin/policy_reply
t_unit_bin_policy_config_SOURCES = t/unit/policy_config.c
t_unit_bin_policy_config_LDADD = $(POLICY_LIBS)
t_unit_bin_policy_facts_SOURCES = t/unit/policy_facts.c
t_unit_bin_policy_facts_LDADD = $(POLICY_LIBS)
t_unit_bin_policy_reply_SOURCES = t/unit/policy_reply.c
t_unit_bin_policy_reply_LDADD = $(POLICY_LIBS)
t_unit_bin_policy_guard_SOURCES = t/unit/policy_guard.c
t_unit_bin_policy_guard_LDADD = $(POLICY_LIBS)

if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_config t/fuzz/fuzz_peek
t_fuzz_fuzz_peek_SOURCES = t/fuzz/fuzz_peek.c
t_fuzz_fuzz_peek_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_peek_LDADD = $(POLICY_LIBS)
t_fuzz_fuzz_config_SOURCES = t/fuzz/fuzz_config.c
t_fuzz_fuzz_config_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_config_LDADD = $(POLICY_LIBS)
endif
