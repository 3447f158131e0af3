#include "coordinator/reconcile/sort_floats.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace stereofarm {
namespace {

constexpr int kDigits = 3;
constexpr int kBits = 11;
constexpr size_t kBuckets = size_t{1} << kBits;

size_t Digit(uint32_t key, int digit) { return (key >> (kBits * digit)) & (kBuckets - 1); }

// Unsigned numbers in the order of the floats: below zero a larger number is a larger magnitude.
uint32_t KeyOf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits ^ ((bits >> 31) != 0 ? 0xffffffffu : 0x80000000u);
}

float ValueOf(uint32_t key) {
  return std::bit_cast<float>(key ^ ((key >> 31) != 0 ? 0x80000000u : 0xffffffffu));
}

}  // namespace

void SortFloats(std::vector<float>* values) {
  std::vector<uint32_t> keys(values->size());
  std::vector<uint32_t> sorted(values->size());
  std::array<std::array<uint32_t, kBuckets>, kDigits> counts = {};
  for (size_t i = 0; i < keys.size(); ++i) {
    keys[i] = KeyOf((*values)[i]);
    for (int digit = 0; digit < kDigits; ++digit) ++counts[digit][Digit(keys[i], digit)];
  }
  for (int digit = 0; digit < kDigits && !keys.empty(); ++digit) {
    // Nothing to do where all have the same digit.
    if (counts[digit][Digit(keys.front(), digit)] == keys.size()) continue;
    uint32_t before = 0;
    for (uint32_t& count : counts[digit]) {
      const uint32_t own = count;
      count = before;
      before += own;
    }
    for (const uint32_t key : keys) sorted[counts[digit][Digit(key, digit)]++] = key;
    keys.swap(sorted);
  }
  for (size_t i = 0; i < keys.size(); ++i) (*values)[i] = ValueOf(keys[i]);
}

}  // namespace stereofarm
