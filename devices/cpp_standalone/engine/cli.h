// The command line of the standalone program.
#pragma once
#include "program.h"

// Exit status: 0, 1 when the simulation failed, 2 when it was not started.
int sf_command_line(const sf_program& program, int argc, char** argv);
