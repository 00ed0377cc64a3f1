# Rules and dictionaries an installation starts with; an admin's own go beside
# them. The samples are for trying: one clean message, one for each refusal.
rulesdir = $(sysconfdir)/postern/rules
dist_rules_DATA = \
	rules/10-headers.cf \
	rules/20-body.cf \
	rules/30-uri.cf \
	rules/90-actions.cf \
	rules/advance-fee.dict \
	rules/easy-money.dict \
	rules/pharmacy.dict

EXTRA_DIST += \
	rules/samples/clean.eml \
	rules/samples/dictionary.eml \
	rules/samples/rules.eml \
	rules/samples/spam.eml
