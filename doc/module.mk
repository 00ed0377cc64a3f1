# Files of doc/ that are installed or shipped. The manual pages of settings and
# keywords, and the example configuration, are made from the program's own
# tables when it has been built.
dist_man_MANS += doc/man/postern.1 doc/man/posternd.8
nodist_man_MANS = doc/man/postern.conf.5 doc/man/postern-rules.5
EXTRA_DIST += doc/man/postern.conf.5.in doc/man/postern-rules.5.in \
	doc/HACKING.md doc/DESIGN.md doc/parity.md doc/replies.md doc/dialogues.md doc/performance.md doc/access.md doc/dictionaries.md doc/mta.md doc/redis.md doc/reputation.md doc/rules.md doc/shipped-rules.md scripts/fill-manual
CLEANFILES += $(nodist_man_MANS) doc/postern.conf.example

fill_manual = $(MKDIR_P) doc/man && \
	$(srcdir)/scripts/fill-manual ./postern$(EXEEXT)
doc/man/postern.conf.5: doc/man/postern.conf.5.in postern$(EXEEXT)
	$(AM_V_GEN)$(fill_manual) <$(srcdir)/doc/man/postern.conf.5.in >$@.new && \
		mv $@.new $@
doc/man/postern-rules.5: doc/man/postern-rules.5.in postern$(EXEEXT)
	$(AM_V_GEN)$(fill_manual) <$(srcdir)/doc/man/postern-rules.5.in >$@.new && \
		mv $@.new $@
doc/postern.conf.example: postern$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc && ./postern$(EXEEXT) conf -c /dev/null \
		--example >$@.new && mv $@.new $@

posternconfdir = $(sysconfdir)/postern
nodist_posternconf_DATA = doc/postern.conf.example
# A configuration that is there is never touched; one nobody changed goes with
# the program.
posternconf = $(DESTDIR)$(posternconfdir)/postern.conf
install-data-hook:
	test -e $(posternconf) || $(INSTALL_DATA) doc/postern.conf.example \
		$(posternconf)
uninstall-local:
	! cmp -s doc/postern.conf.example $(posternconf) || rm -f $(posternconf)
