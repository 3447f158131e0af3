#ifndef STEREOFARM_COMMON_BASE_RANDOM_H_
#define STEREOFARM_COMMON_BASE_RANDOM_H_

#include <cstdint>
#include <memory>
#include <string>

namespace stereofarm {

// Where randomness comes from. Tests pass a seeded one. Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;
  // `digits` lower-case hexadecimal digits, for ids.
  std::string Hex(int digits);
};

// The operating system's randomness; lives for ever.
Random* SystemRandom();
// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed on every machine.
std::unique_ptr<Random> SeededRandom(uint64_t seed);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_RANDOM_H_
