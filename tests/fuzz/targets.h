#ifndef STEREOFARM_TESTS_FUZZ_TARGETS_H_
#define STEREOFARM_TESTS_FUZZ_TARGETS_H_

#include <string_view>
#include <vector>

namespace stereofarm {

// Bytes that come from elsewhere, each given to what reads them first. A target crashes, or its
// SF_CHECKs fail, when something is wrong.
struct FuzzTarget {
  const char* name;  // also the folder of its corpus below tests/fuzz/corpus
  void (*run)(std::string_view bytes);
};
const std::vector<FuzzTarget>& FuzzTargets();

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_FUZZ_TARGETS_H_
