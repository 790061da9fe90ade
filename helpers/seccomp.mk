# What skiff-seccomp and skiff-hello are made of; included by the Makefile.
SECCOMP_SRC  := seccomp.c seccomp-bpf.c
SECCOMP_LIBS := -lseccomp
HELLO_SRC    := hello.c
# hello is an image as well as a program: small, and without page-sized gaps between its segments.
$(OUT)/skiff-hello: SHIP += -Os -fno-asynchronous-unwind-tables -Wl,--gc-sections,-z,noseparate-code,-z,norelro
