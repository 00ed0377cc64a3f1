/*
 * What rule files say about reading mail, handed to the mail layer: TLD lists,
 * trusted and internal networks, redirectors, the envelope sender's header.
 *
 * The one place that knows both the names of rule settings and the members of
 * struct mail_settings. Limits come from postern.conf.
 */
#ifndef POSTERN_POLICY_MAIL_CONF_H
#define POSTERN_POLICY_MAIL_CONF_H

#include "mail/settings.h"
#include "policy/config.h"
#include "rule/ruleset.h"

/*
 * Fills `out` (mail_settings_fini() it). Networks of postern.conf count when
 * they were set there; the default does not, so that trust is inferred as it is
 * without them. Slices point into `rs`, which must live as long.
 */
void mail_conf_read(const struct config *c, const struct ruleset *rs,
    struct mail_settings *out, struct diags *diags);

#endif
