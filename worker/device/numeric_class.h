#ifndef STEREOFARM_WORKER_DEVICE_NUMERIC_CLASS_H_
#define STEREOFARM_WORKER_DEVICE_NUMERIC_CLASS_H_

#include <string>

#include "common/base/status.h"

namespace stereofarm {

// Everything about this machine, its libraries and this program that may change a result's last
// digits; workers of one class give the same bytes, and a shot is made by one class. For example
// "cpu/x86-64-v4/torch2.13.0/opencv4.6.0/ffmpeg5.1.6/zimg3.0.4/stereofarm0.1.0",
// "cuda9.0/x86-64-v4/…". `device`: "cpu" or "cuda:N"; InvalidArgument when it isn't there.
// `libraries`: in the order they are to stand in, our own build last.
absl::StatusOr<std::string> NumericClass(const std::string& device, const std::string& libraries);

// "x86-64-v3": the newest level of instructions that libraries find on this processor.
std::string InstructionSet();

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_DEVICE_NUMERIC_CLASS_H_
