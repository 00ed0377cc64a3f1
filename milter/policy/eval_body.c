/*
 * Eval functions over the body as a whole.
 */
#include "policy/evalarg.h"
#include "policy/evalfns.h"

double
eval_check_body_length(
    struct eval_context *c, const struct eval_arg *args, size_t arg_count)
{
	struct eval_args list = {args, arg_count};

	return (double)message_pristine_body(c->message).len <=
	       eval_number_arg(list, 0);
}
