#ifndef STEREOFARM_WORKER_DEVICE_CHILD_WORKERS_H_
#define STEREOFARM_WORKER_DEVICE_CHILD_WORKERS_H_

#include <signal.h>

#include <string>
#include <vector>

namespace stereofarm {

// Runs this program once for each device, with the same arguments and a `--device` of its own, and
// passes SIGTERM and SIGINT (`signals`, blocked in every thread) on. Returns when all have ended,
// with the largest of their exit codes. A child dies with this process.
int RunChildWorkers(int argc, char** argv, const std::vector<std::string>& devices,
                    const sigset_t& signals);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_DEVICE_CHILD_WORKERS_H_
