noinst_LIBRARIES += libpeer.a
libpeer_a_SOURCES =
