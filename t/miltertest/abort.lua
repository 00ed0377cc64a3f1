-- Abort at every step, then a message that must be judged afresh.
local c = mt.connect(os.getenv("SOCKET"), 40, 0.05)
mt.conninfo(c, "client.example", "2001:db8::7")
mt.helo(c, "client.example")
for step = 1, 5 do
	mt.mailfrom(c, "<a@client.example>")
	if step > 1 then mt.rcptto(c, "<you@postern.test>") end
	if step > 2 then mt.header(c, "Subject", "GREEN-SPOTTED-PARROT") end
	if step > 3 then mt.eoh(c) end
	if step > 4 then mt.bodystring(c, "GREEN-SPOTTED-PARROT\r\n") end
	if mt.abort(c) ~= nil then error("abort") end
end
mt.mailfrom(c, "<a@client.example>")
mt.rcptto(c, "<you@postern.test>")
mt.header(c, "Subject", "hello")
mt.eoh(c)
mt.bodystring(c, "nothing\r\n")
mt.eom(c)
if mt.getreply(c) == SMFIR_REPLYCODE then error("an aborted message was seen by the next") end
mt.disconnect(c)
