#include "peer/rep_script.h"

#include "peer/rep_backend.h"

#include <inttypes.h>

/* Constants come before this text. */
static const char apply_body[] =
    "local K,A=KEYS,ARGV\n"
    "local held=redis.call('HMGET',K[1],'seen','bs')\n"
    "if (held[1] or '')~=A[1] or (held[2] or '')~=A[2] then return 0 end\n"
    "local lines=tonumber(A[7])\n"
    "redis.call('HMSET',K[1],unpack(A,8+lines))\n"
    "if A[3]~='0' then redis.call('PEXPIRE',K[1],A[3]) end\n"
    "if A[4]~='' then redis.call('SET',K[4],A[4],'PX',TWO_DAYS) end\n"
    "if lines>0 then\n"
    " local n=redis.call('LPUSH',K[2],unpack(A,8,7+lines))\n"
    " if n>EVIDENCE then redis.call('LTRIM',K[2],0,EVIDENCE-1) end\n"
    " if n<=lines or A[3]~='0' then\n"
    "  redis.call('PEXPIRE',K[2],EVIDENCE_LIFE) end end\n"
    "if A[5]~='' then\n"
    " local ids={}\n"
    " for i=1,#A[5],12 do ids[#ids+1]=string.sub(A[5],i,i+11) end\n"
    " redis.call('PFADD',K[3],unpack(ids))\n"
    " if A[6]=='1' then redis.call('PEXPIRE',K[3],TWO_DAYS) end end\n"
    "return 1\n";

static const char list_body[] =
    "local since=redis.call('HGET',KEYS[1],'since') or ''\n"
    "if ARGV[1]~='*' and since~=ARGV[1] then return 0 end\n"
    "redis.call('DEL',KEYS[1])\n"
    "local set={}\n"
    "for i=5,#ARGV do set[#set+1]=ARGV[i] end\n"
    "redis.call('HMSET',KEYS[1],unpack(set))\n"
    "redis.call('PEXPIRE',KEYS[1],ARGV[2])\n"
    "if redis.call('EXISTS',KEYS[2])==1 then\n"
    " redis.call('HMSET',KEYS[2],'state',ARGV[3],'strikes',ARGV[4])\n"
    " redis.call('PEXPIRE',KEYS[2],ARGV[2]) end\n"
    "return 1\n";

void
rep_script_apply(struct buf *out)
{
	buf_printf(out,
	    "local TWO_DAYS,EVIDENCE,EVIDENCE_LIFE=%" PRId64 ",%d,"
	    "%" PRId64 "\n",
	    2 * REP_DAY_MS, REP_EVIDENCE_MAX, REP_EVIDENCE_LIFE_MS);
	buf_add_cstr(out, apply_body);
}

void
rep_script_list(struct buf *out)
{
	buf_add_cstr(out, list_body);
}
