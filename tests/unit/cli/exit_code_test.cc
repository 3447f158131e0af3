#include "coordinator/cli/exit_code.h"

#include "gtest/gtest.h"

namespace stereofarm {
namespace {

TEST(ExitCodeTest, WhatIsWrongWithAFilmIsBadInput) {
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("x")), kExitBadInput);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("x")), kExitBadInput);
  EXPECT_EQ(ExitCodeOf(absl::AlreadyExistsError("x")), kExitBadInput);
  EXPECT_EQ(ExitCodeOf(absl::DataLossError("x")), kExitBadInput);
}

TEST(ExitCodeTest, WhatTheFarmRefusesOrCannotAnswerIsTheFarms) {
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("x")), kExitFarm);
  EXPECT_EQ(ExitCodeOf(absl::PermissionDeniedError("x")), kExitFarm);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("x")), kExitFarm);
}

TEST(ExitCodeTest, AnErrorIsOneLineOnStandardError) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Fail(kExitUsage, absl::InvalidArgumentError("--crf: 99 is outside 0 to 63")), 2);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "stereofarm: --crf: 99 is outside 0 to 63\n");
}

}  // namespace
}  // namespace stereofarm
