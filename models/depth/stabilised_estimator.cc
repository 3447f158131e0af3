#include "models/depth/stabilised_estimator.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "models/depth/depth_stabiliser.h"

namespace stereofarm {
namespace {

class StabilisedEstimator : public DepthEstimator {
 public:
  explicit StabilisedEstimator(std::unique_ptr<DepthEstimator> inner) : inner_(std::move(inner)) {}

  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override {
    SF_ASSIGN_OR_RETURN(DepthPlan plan, inner_->Plan(picture));
    plan.window += DepthStabiliser::kWindow;
    return plan;
  }

  absl::Status Begin(ImageSize picture) override {
    guides_.clear();
    stabiliser_.Begin();
    return inner_->Begin(picture);
  }

  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override {
    guides_.push_back({frame.frame, DepthStabiliser::Guide(frame.rgb)});
    std::vector<DepthResult> estimates;
    SF_RETURN_IF_ERROR(inner_->Push(std::move(frame), &estimates));
    return Pass(std::move(estimates), done);
  }

  absl::Status Finish(std::vector<DepthResult>* done) override {
    std::vector<DepthResult> estimates;
    SF_RETURN_IF_ERROR(inner_->Finish(&estimates));
    SF_RETURN_IF_ERROR(Pass(std::move(estimates), done));
    stabiliser_.Finish(done);
    return absl::OkStatus();
  }

  std::string Id() const override { return inner_->Id() + "+stable/1"; }

 private:
  absl::Status Pass(std::vector<DepthResult> estimates, std::vector<DepthResult>* done) {
    for (DepthResult& estimate : estimates) {
      if (guides_.empty() || guides_.front().frame != estimate.frame) {
        return absl::InternalError(
            absl::StrFormat("%s: frame %d came out of turn", inner_->Id(), estimate.frame));
      }
      stabiliser_.Push(guides_.front().rgb, std::move(estimate), done);
      guides_.pop_front();
    }
    return absl::OkStatus();
  }

  const std::unique_ptr<DepthEstimator> inner_;
  DepthStabiliser stabiliser_;
  std::deque<DepthInput> guides_;  // of the frames that the inner one has not given out
};

}  // namespace

std::unique_ptr<DepthEstimator> Stabilised(std::unique_ptr<DepthEstimator> inner) {
  return std::make_unique<StabilisedEstimator>(std::move(inner));
}

}  // namespace stereofarm
