#include "base/err.h"

const char *
err_text(enum err e)
{
	switch (e) {
	case ERR_OK:
		return "success";
	case ERR_IO:
		return "input/output error";
	case ERR_SYNTAX:
		return "syntax error";
	case ERR_LIMIT:
		return "limit reached";
	case ERR_ABSENT:
		return "not found";
	case ERR_EXISTS:
		return "exists already";
	case ERR_TIMEOUT:
		return "timed out";
	case ERR_DOWN:
		return "not reachable";
	case ERR_DENIED:
		return "not allowed";
	case ERR_INTERNAL:
		return "internal error";
	}
	return "unknown error";
}
