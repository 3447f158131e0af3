#ifndef STEREOFARM_COORDINATOR_ADMIN_DOCTOR_COMMAND_H_
#define STEREOFARM_COORDINATOR_ADMIN_DOCTOR_COMMAND_H_

namespace stereofarm {

// `stereofarm-coordinator doctor [--repair] [--hash] --root DIR [--store DIR]`: prints a line for
// each finding; the exit status is 0 when all is sound or was mended, 1 with findings, 2 usage, 3
// bad input, 5 when a coordinator is at work on the root. `argv` begins with the command's name.
int RunDoctorCommand(int argc, char** argv);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ADMIN_DOCTOR_COMMAND_H_
