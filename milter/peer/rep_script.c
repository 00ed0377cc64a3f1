#include "peer/rep_script.h"

#include "peer/rep_backend.h"

#include <inttypes.h>
#include <stdio.h>

/* Constants of the settings come before this text. */
static const char count_body[] =
    "local K,A=KEYS,ARGV\n"
    "local kind,w,day=A[1],A[2],tonumber(A[3])\n"
    "local events=cmsgpack.unpack(A[4])\n"
    "local host,net=kind=='host',kind=='net'\n"
    /* One pass over the hash: cheaper than naming two dozen fields. */
    "local V={}\n"
    "local all=redis.call('HGETALL',K[1])\n"
    "for i=1,#all,2 do V[all[i]]=all[i+1] end\n"
    "local function num(k) return tonumber(V[k] or 0) or 0 end\n"
    "local done=num(w)\n"
    "local gs,bs,gl,bl=num('gs'),num('bs'),num('gl'),num('bl')\n"
    "local t,seen,rejected=num('t'),num('seen'),num('rejected')\n"
    "local first,last=num('first'),num('last')\n"
    "local before=last\n"
    "local td={0,0,0,0,0,0,0}\n"
    "local a1,a2,a3,a4,a5,a6,a7=string.match(V['today'] or '',\n"
    " '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')\n"
    "if a1 then td={a1+0,a2+0,a3+0,a4+0,a5+0,a6+0,a7+0} end\n"
    "local baddies,late=td[2],day<td[1]\n"
    "local hour,used=0,{}\n"
    "local hh,hl=string.match(V['hour'] or '','^(%d+) ?(.*)$')\n"
    "if hh then hour=tonumber(hh)\n"
    " for c,n in string.gmatch(hl,'(%l)(%d+)') do\n"
    "  used[string.byte(c)-96]=tonumber(n) end end\n"
    /* Givers are read when first asked for, written once at the end. */
    "local givers,changed,glen,gnew={},{},nil,false\n"
    "local function giver(id)\n"
    " local g=givers[id]\n"
    " if g==nil then\n"
    "  local s=redis.call('HGET',K[4],id)\n"
    "  if s then local b,o,f=string.match(s,'^(%d+) (%d+) (%d+)$')\n"
    "   g={tonumber(b) or 0,tonumber(o) or 0,tonumber(f) or 0} end\n"
    "  if not g then\n"
    "   if not glen then glen=redis.call('HLEN',K[4]) gnew=glen==0 end\n"
    "   if glen>=(host and 128 or MEMBERS) then g=false\n"
    "   else glen=glen+1 g={0,0,0} end end\n"
    "  givers[id]=g end\n"
    " return g end\n"
    "local function side(g)\n"
    " if g[1]>0 and g[1]>=g[2] then return -1 end\n"
    " if g[2]>0 and g[1]*20<=g[2] then return 1 end\n"
    " return 0 end\n"
    "local function share(g,id,bad,trap)\n"
    " local ok\n"
    " if bad then ok=g[1]<RCPT_BAD if g[1]<255 then g[1]=g[1]+1 end\n"
    " else ok=g[2]<RCPT_GOOD if g[2]<255 then g[2]=g[2]+1 end end\n"
    " if trap then if g[3]==1 then ok=false end g[3]=1 end\n"
    " changed[id]=g\n"
    " return ok end\n"
    "local inc,ev,rc={},{},{}\n"
    "local applied,anybad,anyhard,highest=0,0,0,done\n"
    "local admitted={}\n"
    "for i,e in ipairs(events) do\n"
    " local seq,c,at,rej,tried,unk,gid,rcpts,text,cn,wt=unpack(e)\n"
    " if net then admitted[i]=giver(gid) and '1' or '0' end\n"
    " if seq>done then\n"
    "  applied=applied+1 if seq>highest then highest=seq end\n"
    "  inc[cn]=(inc[cn] or 0)+1 seen=seen+1 rejected=rejected+rej\n"
    "  local sec=math.floor(at/1000)\n"
    "  if first==0 or sec<first then first=sec end\n"
    "  if sec>last then last=sec end\n"
    "  if kind~='day' then\n"
    "  local d=math.floor(at/86400000)\n"
    "  if d>td[1] then\n"
    "   if d==td[1]+1 then td={d,0,0,td[2],td[3],0,0}\n"
    "   else td={d,0,0,0,0,0,0} end end\n"
    "  local tries=#rcpts\n"
    "  if c==HARVEST then tries=math.max(tried,unk) td[7]=td[7]+unk end\n"
    "  td[6]=td[6]+tries\n"
    "  local weight,bad,ok=wt,c~=1,true\n"
    "  if weight<=0 then ok=false\n"
    "  elseif c==HARVEST and not (td[6]>=HARVEST_TRIES and\n"
    "   td[7]>HARVEST_RATIO*td[6]) then ok=false\n"
    "  elseif host and #rcpts>0 then ok=false\n"
    "   for _,r in ipairs(rcpts) do local g=giver(r)\n"
    "    if g==false then ok=true else\n"
    "     if bad and g[1]==0 then td[2]=td[2]+1 end\n"
    "     if share(g,r,bad,c==TRAP) then ok=true end end\n"
    "    if bad then rc[#rc+1]=r end end\n"
    "  elseif net then local g=giver(gid)\n"
    "   if g then local b4=side(g)\n"
    "    local k=bad and 1 or 2\n"
    "    if g[k]<255 then g[k]=g[k]+1 end changed[gid]=g\n"
    "    local now=side(g)\n"
    "    td[2]=td[2]+(now<0 and 1 or 0)-(b4<0 and 1 or 0)\n"
    "    td[3]=td[3]+(now>0 and 1 or 0)-(b4>0 and 1 or 0) end end\n"
    "  if ok then\n"
    "   local fast,slow=1,1\n"
    "   if at>=t then\n"
    "    local f,s=2^((t-at)/HALF_SHORT),2^((t-at)/HALF_LONG)\n"
    "    gs=gs*f bs=bs*f gl=gl*s bl=bl*s t=at\n"
    "   else fast=2^((at-t)/HALF_SHORT) slow=2^((at-t)/HALF_LONG) end\n"
    "   if bad then bs=bs+weight*fast else gs=gs+weight*fast end\n"
    "   local h=math.floor(at/3600000)\n"
    "   if h>hour then hour=h used={} end\n"
    "   local u=used[c] or 0\n"
    "   if u<LONG_CAP and u<255 then used[c]=u+1\n"
    "    if bad then bl=bl+weight*slow else gl=gl+weight*slow end end\n"
    "   if bad then anybad=1 end\n"
    "   if c==TRAP or c==VIRUS then anyhard=1 end end\n"
    "  if host and text~='' then ev[#ev+1]=text end\n"
    "  end end end\n"
    "local today=table.concat(td,' ')\n"
    "local function f(x) return string.format('%.7g',x) end\n"
    "local function n(x) return string.format('%.0f',x) end\n"
    "if applied>0 then\n"
    " if not V[w] and #all>120 then for k in pairs(V) do\n"
    "   if string.sub(k,1,2)=='w:' then redis.call('HDEL',K[1],k) end\n"
    "  end end\n"
    " local set={w,n(highest),'seen',n(seen),'last',n(last)}\n"
    " if first~=num('first') then set[7]='first' set[8]=n(first) end\n"
    " local function put(k,x) set[#set+1]=k set[#set+1]=x end\n"
    " for c,x in pairs(inc) do put(c,n(num(c)+x)) end\n"
    " if rejected>0 then put('rejected',n(rejected)) end\n"
    " if kind~='day' then\n"
    "  if t>0 then put('t',n(t)) end\n"
    "  if gs>0 or V['gs'] then put('gs',f(gs)) end\n"
    "  if bs>0 or V['bs'] then put('bs',f(bs)) end\n"
    "  if gl>0 or V['gl'] then put('gl',f(gl)) end\n"
    "  if bl>0 or V['bl'] then put('bl',f(bl)) end\n"
    "  put('today',today)\n"
    "  local ht={}\n"
    "  for c=1,CLASSES do if used[c] and used[c]>0 then\n"
    "   ht[#ht+1]=string.char(96+c)..used[c] end end\n"
    "  if hour>0 then put('hour',n(hour)..' '..table.concat(ht)) end end\n"
    " redis.call('HMSET',K[1],unpack(set))\n"
    /* Lives are set anew once an hour, not with every event. */
    " local roll=seen<4 or math.floor(last/3600)>math.floor(before/3600)\n"
    " local life=KNOWN\n"
    " if kind=='day' then life=DAYS\n"
    " elseif num('strikes')>0 then life=LISTED\n"
    " elseif seen<2 then life=FIRST end\n"
    " if roll then redis.call('PEXPIRE',K[1],life) end\n"
    " if #ev>0 then local len=redis.call('LPUSH',K[2],unpack(ev))\n"
    "  if len>EVIDENCE then redis.call('LTRIM',K[2],0,EVIDENCE-1) end\n"
    "  if roll or len<=#ev then\n"
    "   redis.call('PEXPIRE',K[2],EVIDENCE_LIFE) end end\n"
    " if #rc>0 then redis.call('PFADD',K[3],unpack(rc))\n"
    "  if late or baddies==0 or roll then\n"
    "   redis.call('PEXPIRE',K[3],TWO_DAYS) end end\n"
    " local gset={}\n"
    " for id,g in pairs(changed) do gset[#gset+1]=id\n"
    "  gset[#gset+1]=g[1]..' '..g[2]..' '..g[3] end\n"
    " if #gset>0 then redis.call('HMSET',K[4],unpack(gset))\n"
    "  if late or gnew or roll then\n"
    "   redis.call('PEXPIRE',K[4],TWO_DAYS) end end\n"
    "end\n"
    "if host and anybad==0 then return {applied,0,0} end\n"
    "return {applied,anybad,anyhard,f(gs),f(bs),f(gl),f(bl),n(t),today,\n"
    " table.concat(admitted)}\n";

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

static void
add_constants(const struct rep_settings *s, struct buf *out)
{
	buf_printf(out, "local CLASSES,HARVEST,TRAP,VIRUS=%d,%d,%d,%d\n",
	    REP_CLASS_COUNT, REP_UNKNOWN_RCPT + 1, REP_TRAP + 1, REP_VIRUS + 1);
	buf_printf(out, "local HALF_SHORT,HALF_LONG=%" PRId64 ",%" PRId64 "\n",
	    s->half_short, s->half_long);
	buf_printf(out, "local LONG_CAP,RCPT_BAD,RCPT_GOOD=%.10g,%.10g,%.10g\n",
	    s->long_cap, s->rcpt_bad, s->rcpt_good);
	buf_printf(out, "local HARVEST_TRIES,HARVEST_RATIO=%.10g,%.10g\n",
	    s->harvest_tries, s->harvest_ratio);
	buf_printf(out, "local MEMBERS=%.10g\n", s->net_children);
	buf_printf(out,
	    "local KNOWN,FIRST,LISTED=%" PRId64 ",%" PRId64 ",%" PRId64 "\n",
	    REP_KNOWN_LIFE_MS, REP_FIRST_LIFE_MS, REP_LISTED_LIFE_MS);
	buf_printf(out, "local DAYS,TWO_DAYS=%" PRId64 ",%" PRId64 "\n",
	    REP_DAYS_KEPT * REP_DAY_MS, 2 * REP_DAY_MS);
	buf_printf(out, "local EVIDENCE,EVIDENCE_LIFE=%d,%" PRId64 "\n",
	    REP_EVIDENCE_MAX, REP_EVIDENCE_LIFE_MS);
}

void
rep_script_count(const struct rep_settings *s, struct buf *out)
{
	add_constants(s, out);
	buf_add_cstr(out, count_body);
}

void
rep_script_list(struct buf *out)
{
	buf_add_cstr(out, list_body);
}

/* ---- MessagePack ----------------------------------------------------------
 */

static void
put_big(struct buf *out, uint8_t tag, uint64_t v, int bytes)
{
	char text[9];
	size_t n = 0;

	text[n++] = (char)tag;
	for (int i = bytes - 1; i >= 0; i--)
		text[n++] = (char)(v >> (8 * i));
	buf_add(out, str_make(text, n));
}

static void
put_uint(struct buf *out, uint64_t v)
{
	if (v < 128)
		buf_add_char(out, (char)v);
	else if (v <= UINT32_MAX)
		put_big(out, 0xce, v, 4);
	else
		put_big(out, 0xcf, v, 8);
}

static void
put_double(struct buf *out, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_big(out, 0xcb, bits, 8);
}

static void
put_text(struct buf *out, struct str s)
{
	if (s.len < 32)
		buf_add_char(out, (char)(0xa0 | s.len));
	else
		put_big(out, 0xda, s.len, 2);
	buf_add(out, s);
}

void
rep_script_array(struct buf *out, uint32_t count)
{
	if (count < 16)
		buf_add_char(out, (char)(0x90 | count));
	else
		put_big(out, 0xdd, count, 4);
}

static void
put_rcpts(struct buf *out, const struct rep_event *e)
{
	rep_script_array(out, e->rcpt_count);
	for (uint32_t i = 0; i < e->rcpt_count; i++) {
		char text[20];

		(void)snprintf(text, sizeof(text), "%012" PRIx64,
		    e->rcpt_hash[i] & UINT64_C(0xffffffffffff));
		put_text(out, str_from(text));
	}
}

void
rep_script_event(struct buf *out, const struct rep_script_item *item)
{
	const struct rep_event *e = item->event;
	char text[REP_EVIDENCE_TEXT_MAX] = "";
	char member[20];
	struct rep_evidence v;

	if (item->with_evidence && rep_class_is_bad(e->class) &&
	    e->class != REP_SELF) {
		rep_evidence_of(e, &v);
		rep_evidence_format(&v, text);
	}
	rep_script_array(out, 11);
	put_uint(out, item->seq);
	put_uint(out, (uint64_t)e->class + 1);
	put_uint(out, (uint64_t)e->at_ms);
	put_uint(out, e->rejected);
	put_uint(out, e->tried);
	put_uint(out, e->unknown);
	(void)snprintf(member, sizeof(member), "%" PRIx64, item->giver);
	put_text(out, str_from(member));
	put_rcpts(out, e);
	put_text(out, str_from(text));
	put_text(out, str_from(rep_class_text(e->class)));
	put_double(out, item->weight);
}
