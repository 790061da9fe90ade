/* Those who outlive a killed keeper or network holder: monitors, each with its control socket in the runtime directory. */
#ifndef SKIFF_SURVIVORS_H
#define SKIFF_SURVIVORS_H

#include <stdbool.h>

/*
 * The namespace that hangs on `fifo`, of one end of a FIFO that others hold as well: a monitor that has it is asked (frame `G`). -1: nobody has it, or nobody
 * answers within five seconds, of which `*silent` is true where somebody lives who should have. Returns at once when nobody else holds the FIFO, and
 * within half a second where there is no monitor.
 */
int survivors_ask(int runtime, int fifo, bool *silent);

#endif
