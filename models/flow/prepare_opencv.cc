#include "models/flow/prepare_opencv.h"

#include <opencv2/core.hpp>

#include "common/image/image_memory.h"

namespace stereofarm {
namespace {

class KeepingAllocator : public cv::MatAllocator {
 public:
  // `steps`: bytes from one element of each dimension to the next; given ones stand where the
  // values are the caller's own.
  cv::UMatData* allocate(int dims, const int* sizes, int type, void* values, size_t* steps,
                         cv::AccessFlag, cv::UMatUsageFlags) const override {
    size_t bytes = CV_ELEM_SIZE(type);
    for (int i = dims - 1; i >= 0; --i) {
      if (steps != nullptr) {
        if (values != nullptr && steps[i] != cv::Mat::AUTO_STEP) {
          bytes = steps[i];
        } else {
          steps[i] = bytes;
        }
      }
      bytes *= static_cast<size_t>(sizes[i]);
    }
    auto* data = new cv::UMatData(this);
    data->size = bytes;
    if (values != nullptr) {
      data->flags |= cv::UMatData::USER_ALLOCATED;
      data->data = data->origdata = static_cast<uchar*>(values);
    } else {
      data->data = data->origdata = reinterpret_cast<uchar*>(TakeImageMemory(Whole(bytes)));
    }
    return data;
  }
  bool allocate(cv::UMatData* data, cv::AccessFlag, cv::UMatUsageFlags) const override {
    return data != nullptr;
  }
  void deallocate(cv::UMatData* data) const override {
    if (data == nullptr) return;
    if ((data->flags & cv::UMatData::USER_ALLOCATED) == 0) {
      ReturnImageMemory(reinterpret_cast<float*>(data->origdata), Whole(data->size));
    }
    delete data;
  }

 private:
  static size_t Whole(size_t bytes) { return bytes / 64 * 64 + 64; }
};

}  // namespace

void PrepareOpenCv() {
  static const bool kDone = [] {
    cv::setNumThreads(1);
    // Never destroyed: matrices may be the last to go.
    cv::Mat::setDefaultAllocator(new KeepingAllocator);
    return true;
  }();
  static_cast<void>(kDone);
}

}  // namespace stereofarm
