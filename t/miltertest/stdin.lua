-- sendmail -bs: no client address, no brackets around addresses.
local c = mt.connect(os.getenv("SOCKET"), 40, 0.05)
if mt.conninfo(c, "localhost", "unspec") ~= nil then error("conninfo") end
if mt.mailfrom(c, "me@postern.test") ~= nil then error("mail") end
if mt.rcptto(c, "you@postern.test") ~= nil then error("rcpt") end
if mt.header(c, "Subject", "x") ~= nil then error("header") end
if mt.eoh(c) ~= nil then error("eoh") end
if mt.bodystring(c, "a GREEN-SPOTTED-PARROT\r\n") ~= nil then error("body") end
if mt.eom(c) ~= nil then error("eom") end
if mt.getreply(c) ~= SMFIR_REPLYCODE then error("spam from a local user is spam") end
mt.disconnect(c)
