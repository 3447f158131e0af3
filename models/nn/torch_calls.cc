#include "models/nn/torch_calls.h"

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdio>
#include <new>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// The sentence of a torch error that says what happened: of its last "...Error: ..." line, else of
// its first.
std::string ShortMessage(const std::string& text) {
  std::string chosen;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (chosen.empty() || line.find("Error: ") != std::string::npos) chosen = line;
    begin = end + 1;
  }
  return chosen.substr(0, chosen.find(". "));
}

}  // namespace

absl::Status GuardTorch(const std::string& file, const char* doing,
                        const std::function<absl::Status()>& work) {
  std::string text;
  bool memory = false;
  try {
    return work();
  } catch (const c10::OutOfMemoryError& e) {
    text = e.what_without_backtrace();
    memory = true;
  } catch (const c10::Error& e) {
    text = e.what_without_backtrace();
  } catch (const std::bad_alloc& e) {
    text = e.what();
    memory = true;
  } catch (const std::exception& e) {
    text = e.what();
  }
  // The interpreter passes errors on as plain text.
  memory = memory || text.find("out of memory") != std::string::npos ||
           text.find("can't allocate memory") != std::string::npos;
  const std::string message = absl::StrFormat("%s: %s: %s", file, doing, ShortMessage(text));
  return memory ? OutOfMemory(message) : absl::InvalidArgumentError(message);
}

absl::StatusOr<c10::Device> FindTorchDevice(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  int index = -1;
  char rest = 0;
  if (std::sscanf(name.c_str(), "cuda:%d%c", &index, &rest) != 1 || index < 0 || index > 127) {
    return absl::InvalidArgumentError(
        absl::StrFormat("no device is called \"%s\"; known: cpu, cuda:N", name));
  }
  const at::CUDAHooksInterface& cuda = at::detail::getCUDAHooks();
  const int count = cuda.hasCUDA() ? cuda.getNumGPUs() : 0;
  if (index >= count) {
    return absl::UnavailableError(
        count == 0 ? absl::StrFormat("%s was asked for, but this machine and build have no CUDA "
                                     "device; use cpu",
                                     name)
                   : absl::StrFormat("%s was asked for, but this machine has %d CUDA devices", name,
                                     count));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace stereofarm
