/*
 * The reputation model's numbers out of the configuration: one setting rep_NAME
 * for each row of peer/rep_settings.def.
 */
#ifndef POSTERN_POLICY_REP_CONF_H
#define POSTERN_POLICY_REP_CONF_H

#include "peer/rep_unit.h"
#include "policy/config.h"

/*
 * Fills `*out`, whose list of protected networks points into `c`. False: a
 * value is out of its range; a diag names the setting and its line.
 */
bool rep_conf_read(
    const struct config *c, struct rep_settings *out, struct diags *diags);

#endif
