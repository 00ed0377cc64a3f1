noinst_LIBRARIES += libpeer.a
libpeer_a_SOURCES = \
	milter/peer/recipients.c milter/peer/recipients.h \
	milter/peer/brake.c milter/peer/brake.h \
	milter/peer/brake_table.c milter/peer/brake_table.h \
	milter/peer/dns.c milter/peer/dns.h \
	milter/peer/dns_cache.c milter/peer/dns_cache.h \
	milter/peer/dns_name.c \
	milter/peer/dnsbl.c milter/peer/dnsbl_zone.c milter/peer/dnsbl.h \
	milter/peer/spf.c milter/peer/spf.h \
	milter/peer/loop.c milter/peer/loop.h \
	milter/peer/redis.c milter/peer/redis.h \
	milter/peer/rep.c milter/peer/rep.h milter/peer/rep_settings.def \
	milter/peer/rep_admin.c milter/peer/rep_admin.h \
	milter/peer/rep_admin_change.c milter/peer/rep_admin_move.c \
	milter/peer/rep_admin_part.c milter/peer/rep_admin_part.h \
	milter/peer/rep_admin_try.c \
	milter/peer/rep_verb.def \
	milter/peer/rep_backend.h \
	milter/peer/rep_code.c milter/peer/rep_code.h \
	milter/peer/rep_fields.c \
	milter/peer/rep_event.c milter/peer/rep_event.h \
	milter/peer/rep_journal.c milter/peer/rep_journal.h \
	milter/peer/rep_journal_file.c milter/peer/rep_journal_file.h \
	milter/peer/rep_journal_open.c milter/peer/rep_journal_sync.c \
	milter/peer/rep_keys.c milter/peer/rep_keys.h \
	milter/peer/rep_mem.c milter/peer/rep_mem.h \
	milter/peer/rep_mem_admin.c milter/peer/rep_mem_state.c \
	milter/peer/rep_mem_brake.c milter/peer/rep_mem_unit.c \
	milter/peer/rep_model.c milter/peer/rep_model.h \
	milter/peer/rep_apply.c milter/peer/rep_apply.h \
	milter/peer/rep_batch.c milter/peer/rep_batch.h \
	milter/peer/rep_link.c milter/peer/rep_link.h \
	milter/peer/rep_link_node.c milter/peer/rep_link_node.h \
	milter/peer/rep_link_slot.c \
	milter/peer/rep_redis.c milter/peer/rep_redis.h \
	milter/peer/rep_redis_admin.c \
	milter/peer/rep_redis_brake.c \
	milter/peer/rep_redis_ask.c milter/peer/rep_redis_ask.h \
	milter/peer/rep_redis_lookup.c milter/peer/rep_redis_poll.c \
	milter/peer/rep_redis_walk.c \
	milter/peer/rep_replay.c milter/peer/rep_replay.h \
	milter/peer/rep_script.c milter/peer/rep_script.h \
	milter/peer/rep_store.c milter/peer/rep_store.h \
	milter/peer/rep_unit.c milter/peer/rep_unit.h \
	milter/peer/rep_url.c milter/peer/rep_url.h \
	milter/peer/rep_write.h milter/peer/rep_write_batch.c \
	milter/peer/rep_write_job.c \
	milter/peer/rep_write_judge.c milter/peer/rep_write_top.c \
	milter/peer/rep_writer.c milter/peer/rep_writer.h

check_PROGRAMS += t/unit/bin/peer_dns
t_unit_bin_peer_dns_SOURCES = t/unit/peer_dns.c
t_unit_bin_peer_dns_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_model
t_unit_bin_peer_rep_model_SOURCES = t/unit/peer_rep_model.c
t_unit_bin_peer_rep_model_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_recipients
t_unit_bin_peer_recipients_SOURCES = t/unit/peer_recipients.c
t_unit_bin_peer_recipients_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_brake
t_unit_bin_peer_brake_SOURCES = t/unit/peer_brake.c t/unit/rep_live.h t/unit/redis_server.h
t_unit_bin_peer_brake_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_replay
t_unit_bin_peer_rep_replay_SOURCES = t/unit/peer_rep_replay.c
t_unit_bin_peer_rep_replay_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_apply
t_unit_bin_peer_rep_apply_SOURCES = t/unit/peer_rep_apply.c
t_unit_bin_peer_rep_apply_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_mem
t_unit_bin_peer_rep_mem_SOURCES = t/unit/peer_rep_mem.c
t_unit_bin_peer_rep_mem_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_journal
t_unit_bin_peer_rep_journal_SOURCES = t/unit/peer_rep_journal.c
t_unit_bin_peer_rep_journal_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_dnsbl
t_unit_bin_peer_dnsbl_SOURCES = t/unit/peer_dnsbl.c t/unit/dns_fake.h
t_unit_bin_peer_dnsbl_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_redis
t_unit_bin_peer_rep_redis_SOURCES = t/unit/peer_rep_redis.c t/unit/rep_live.h t/unit/redis_server.h
t_unit_bin_peer_rep_redis_LDADD = $(PEER_LIBS)
# These start servers and wait for them; t/e2e/rep-*.t run them.
check_PROGRAMS += t/live/bin/rep_outage
t_live_bin_rep_outage_SOURCES = t/live/rep_outage.c t/unit/rep_live.h
t_live_bin_rep_outage_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/live/bin/rep_ha
t_live_bin_rep_ha_SOURCES = t/live/rep_ha.c t/unit/rep_live.h
t_live_bin_rep_ha_LDADD = $(PEER_LIBS)
# Figures for doc/reputation.md; not run by the suite.
check_PROGRAMS += t/bench/bin/rep_bench
t_bench_bin_rep_bench_SOURCES = t/bench/rep_bench.c t/unit/rep_live.h
t_bench_bin_rep_bench_LDADD = $(PEER_LIBS)
check_PROGRAMS += t/unit/bin/peer_rep_admin
t_unit_bin_peer_rep_admin_SOURCES = t/unit/peer_rep_admin.c
t_unit_bin_peer_rep_admin_LDADD = $(PEER_LIBS)
if FUZZ
noinst_PROGRAMS += t/fuzz/fuzz_rep t/fuzz/fuzz_brakes
t_fuzz_fuzz_rep_SOURCES = t/fuzz/fuzz_rep.c
t_fuzz_fuzz_rep_LDADD = $(PEER_LIBS)
t_fuzz_fuzz_rep_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
t_fuzz_fuzz_brakes_SOURCES = t/fuzz/fuzz_brakes.c
t_fuzz_fuzz_brakes_LDADD = $(PEER_LIBS)
t_fuzz_fuzz_brakes_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
endif
