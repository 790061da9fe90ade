/* Stands for port-confine.c in tests whose role runs under the sanitizers, which make system calls of their own. */
#include "port.h"

void port_confine(void)
{
}
