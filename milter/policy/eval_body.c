/*
 * Eval functions over the body as a whole.
 */
#include "policy/evalfns.h"

double
eval_check_body_length(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	double most;

	if (arg_count < 1 || !str_to_double(args[0].text, &most))
		return 0;
	return (double)message_pristine_body(c->message).len <= most;
}
