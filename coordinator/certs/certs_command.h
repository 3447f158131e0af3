#ifndef STEREOFARM_COORDINATOR_CERTS_CERTS_COMMAND_H_
#define STEREOFARM_COORDINATOR_CERTS_CERTS_COMMAND_H_

#include "common/base/clock.h"
#include "common/base/random.h"

namespace stereofarm {

// `stereofarm-coordinator certs init|host|issue|revoke|list ...`; argv[0] is "certs". Prints to
// standard output and error; the program's exit status.
int RunCertsCommand(int argc, char** argv, Clock* clock, Random* random);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CERTS_CERTS_COMMAND_H_
