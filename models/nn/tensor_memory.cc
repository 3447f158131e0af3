#include "models/nn/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <cstddef>
#include <cstring>

#include "common/image/image_memory.h"

namespace stereofarm {
namespace {

// Before a tensor's values stands how many bytes there are in all; as wide as they must be aligned.
constexpr size_t kHeader = 64;

std::atomic<int64_t> live_bytes{0};
std::atomic<int64_t> peak_bytes{0};

void Count(int64_t bytes) {
  const int64_t now = live_bytes += bytes;
  int64_t peak = peak_bytes;
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now)) {
  }
}

class KeepingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device device(c10::kCPU);
    if (bytes == 0) return {nullptr, nullptr, &Return, device};
    const size_t whole = kHeader + (bytes + kHeader - 1) / kHeader * kHeader;
    char* const memory = reinterpret_cast<char*>(TakeImageMemory(whole));
    std::memcpy(memory, &whole, sizeof(whole));
    Count(static_cast<int64_t>(whole));
    return {memory + kHeader, memory + kHeader, &Return, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Return; }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

 private:
  static void Return(void* values) {
    if (values == nullptr) return;
    char* const memory = static_cast<char*>(values) - kHeader;
    size_t whole = 0;
    std::memcpy(&whole, memory, sizeof(whole));
    Count(-static_cast<int64_t>(whole));
    ReturnImageMemory(reinterpret_cast<float*>(memory), whole);
  }
};

}  // namespace

void KeepTensorMemory() {
  static const bool kDone = [] {
    // Never destroyed: tensors may be the last to go.
    c10::SetCPUAllocator(new KeepingAllocator, /*priority=*/255);
    return true;
  }();
  static_cast<void>(kDone);
}

TensorBytes TakeTensorBytes() {
  TensorBytes bytes;
  bytes.now = live_bytes;
  bytes.peak = peak_bytes.exchange(bytes.now);
  return bytes;
}

}  // namespace stereofarm
