# Files of scripts/ that are installed or shipped.
EXTRA_DIST += scripts/bench scripts/check scripts/packages scripts/prepare \
	scripts/private-mta scripts/rule-hits scripts/run

# A unit for systemd, made at build time, installed only where asked.
EXTRA_DIST += scripts/posternd.service.in
noinst_DATA = scripts/posternd.service
CLEANFILES += scripts/posternd.service
scripts/posternd.service: $(srcdir)/scripts/posternd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) scripts && sed 's|@sbindir[@]|$(sbindir)|g' \
		$(srcdir)/scripts/posternd.service.in >$@

if SYSTEMD
systemdsystemunit_DATA = scripts/posternd.service
endif
