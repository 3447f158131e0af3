#ifndef STEREOFARM_TESTS_QUALITY_TEST_FOOTAGE_H_
#define STEREOFARM_TESTS_QUALITY_TEST_FOOTAGE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "models/api/depth_estimator.h"

namespace stereofarm {

struct TestFrame {
  Image rgb;
  cv::Mat inverse;  // true inverse depth, 1 / metre, CV_32F at the picture's size; may be empty
  cv::Mat added;    // CV_8U, not zero where something was added; empty where nothing was
};

// A rendered shot with its truth, as it is or changed into something harder whose truth is known as
// well.
class TestFootage {
 public:
  // What a shot can be changed into, by name:
  //   car      a car comes towards the camera on the left, at 36 km/h
  //   walker   a person walks with the camera, 5 m ahead of it
  //   crosser  a person crosses the camera's way, 7 m ahead of where it began
  //   title    two lines of text are burnt into the lower third
  //   pan, zoom, shake   a window that moves over the shot's first frame
  //   slow     seven frames are rendered between any two, from the true depth and cameras
  static const std::vector<std::string>& Changes();

  // Reads SHOT_left.mkv, SHOT_depth/*.exr (channel Z, metres; may be absent) and SHOT.json
  // (cameras; only for what needs them). `change`: a name of Changes, or nothing.
  static absl::StatusOr<std::unique_ptr<TestFootage>> Open(const std::string& shot,
                                                           const std::string& change);
  ImageSize size() const { return size_; }
  int64_t frame_count() const { return frames_; }
  // Frames must be read in order.
  absl::StatusOr<TestFrame> Read(int64_t frame, ImageSize rgb_size);

 private:
  TestFootage() = default;
  absl::Status ReadCameras(const std::string& path);
  absl::Status Advance();
  absl::StatusOr<TestFrame> ReadSource(int64_t frame, ImageSize rgb_size);
  absl::Status AddSprite(int64_t frame, TestFrame* out) const;
  TestFrame Window(int64_t frame) const;
  TestFrame Between(int part) const;

  std::string change_;
  ImageSize size_;
  int64_t frames_ = 0;
  std::unique_ptr<FrameReader> reader_;
  std::unique_ptr<ColorConverter> converter_;
  std::vector<std::filesystem::path> truth_;
  double focal_ = 0;                  // pixels
  std::vector<cv::Matx44d> cameras_;  // camera to world; looks along -z, y up
  int64_t read_ = 0;                  // frames read from the film
  TestFrame now_, next_;              // for `slow`
  TestFrame still_;                   // for windows
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_QUALITY_TEST_FOOTAGE_H_
