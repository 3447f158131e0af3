// libFuzzer's entry: the target that the environment's STEREOFARM_FUZZ_TARGET names.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fuzz/targets.h"

namespace {

const stereofarm::FuzzTarget* Chosen() {
  const char* name = std::getenv("STEREOFARM_FUZZ_TARGET");
  for (const stereofarm::FuzzTarget& target : stereofarm::FuzzTargets()) {
    if (name != nullptr && std::strcmp(name, target.name) == 0) return &target;
  }
  std::fprintf(stderr, "STEREOFARM_FUZZ_TARGET names no target; tests/fuzz/run does\n");
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const stereofarm::FuzzTarget* target = Chosen();
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
