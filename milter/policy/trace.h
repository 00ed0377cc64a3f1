/*
 * The decision record: what `postern why REF` shows an admin, as JSON.
 *
 * Everything the verdict was made of and nothing it was not: verdict, reasons
 * in order, every rule with points and matched text, dictionary terms, facts,
 * versions. Foreign text is cut to TRACE_TEXT_MAX bytes. Pure.
 */
#ifndef POSTERN_POLICY_TRACE_H
#define POSTERN_POLICY_TRACE_H

#include "base/json_write.h"
#include "policy/facts.h"
#include "policy/snapshot.h"

#define TRACE_TEXT_MAX ((size_t)120) /* bytes of a matched text */
#define TRACE_RULES_MAX ((size_t)500)
#define TRACE_TERMS_MAX ((size_t)200)
#define TRACE_VERSION 1

struct trace_input {
	const struct snapshot *snapshot;
	const struct facts *facts;
	struct message *message; /* NULL: refused before the message */
	const struct verdict *verdict;
	const struct hits *hits; /* NULL: as above */
};

/* Writes the members into the object `w` is in. */
void trace_write(const struct trace_input *in, struct json_writer *w);

#endif
