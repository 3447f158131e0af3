#ifndef STEREOFARM_COORDINATOR_ADMIN_BACKUP_COMMAND_H_
#define STEREOFARM_COORDINATOR_ADMIN_BACKUP_COMMAND_H_

namespace stereofarm {

// `stereofarm-coordinator backup FILE --root DIR`: copies the farm's database to a new file,
// whether or not a coordinator is at work. Exit status: 0, 2 usage, 3 bad input or a copy that
// failed. `argv` begins with the command's name.
int RunBackupCommand(int argc, char** argv);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ADMIN_BACKUP_COMMAND_H_
