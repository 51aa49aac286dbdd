"""The bytes of one connection; only native code makes one."""
