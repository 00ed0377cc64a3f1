-- One connection, several messages: exact replies, header edits, macros.
local function check(cond, what) if not cond then error(what) end end

local c = mt.connect(os.getenv("SOCKET"), 40, 0.05)
check(c, "no connection")

check(mt.conninfo(c, "client.example", "203.0.113.9") == nil, "conninfo")
mt.macro(c, SMFIC_HELO, "j", "mx.postern.test")
check(mt.helo(c, "client.example") == nil, "helo")

local function message(body)
	mt.macro(c, SMFIC_MAIL, "i", "TEST1")
	check(mt.mailfrom(c, "<ann@client.example>") == nil, "mail")
	check(mt.getreply(c) == SMFIR_CONTINUE, "MAIL is never refused")
	check(mt.rcptto(c, "<you@postern.test>") == nil, "rcpt")
	check(mt.getreply(c) == SMFIR_CONTINUE, "RCPT")
	check(mt.header(c, "From", "ann@client.example") == nil, "header")
	check(mt.header(c, "Subject", "hello") == nil, "header")
	check(mt.eoh(c) == nil, "eoh")
	check(mt.bodystring(c, body .. "\r\n") == nil, "body")
	check(mt.eom(c) == nil, "eom")
	return mt.getreply(c)
end

check(message("nothing to see") ~= SMFIR_REPLYCODE, "clean mail passes")
check(mt.eom_check(c, MT_HDRINSERT, "X-Postern") or mt.eom_check(c, MT_HDRADD, "X-Postern"), "X-Postern is written")
check(message("my GREEN-SPOTTED-PARROT") == SMFIR_REPLYCODE, "spam is refused with a reply code")
check(message("nothing to see") ~= SMFIR_REPLYCODE, "and the next is not")
mt.disconnect(c)
