#include "coordinator/certs/certificate_folder.h"

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/certs/credentials.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

constexpr int64_t kDay = 86'400'000'000;

class CertificateFolderTest : public ::testing::Test {
 protected:
  std::string TokenOf(const std::string& name) {
    return ReadCredentials(folder_ / name, clock_.WallMicros())->token;
  }
  TempFolder folder_;
  SimulatedClock clock_;
  std::unique_ptr<Random> random_ = SeededRandom(7);
  CertificateFolder certificates_{folder_ / "tls", &clock_, random_.get()};
};

TEST_F(CertificateFolderTest, TokensAreKeptAsHashesOnly) {
  ASSERT_TRUE(certificates_.Init({"farm.example"}, 100).ok());
  ASSERT_TRUE(certificates_.Issue("ann", Role::kSubmit, 10, folder_ / "ann").ok());
  const std::string token = TokenOf("ann");
  const std::string record = ReadFile(folder_ / "tls" / "issued" / "ann.json").value();
  EXPECT_EQ(record.find(token), std::string::npos);
  EXPECT_NE(record.find(Sha256Hex(token)), std::string::npos);
  EXPECT_TRUE(certificates_.Check("ann", Role::kSubmit, token).ok());
  EXPECT_FALSE(certificates_.Check("ann", Role::kOperate, token).ok());
  EXPECT_FALSE(certificates_.Check("ann", Role::kSubmit, Sha256Hex(token)).ok());
  EXPECT_FALSE(certificates_.Check("ben", Role::kSubmit, token).ok());
  EXPECT_FALSE(certificates_.Check("../issued/ann", Role::kSubmit, token).ok());
  EXPECT_FALSE(certificates_.Check("", Role::kSubmit, token).ok());
}

TEST_F(CertificateFolderTest, EndsAndRevocationsCount) {
  ASSERT_TRUE(certificates_.Init({}, 100).ok());
  ASSERT_TRUE(certificates_.Issue("ann", Role::kSubmit, 10, folder_ / "ann").ok());
  ASSERT_TRUE(certificates_.Issue("ben", Role::kWork, 10, folder_ / "ben").ok());
  const std::string token = TokenOf("ann");
  EXPECT_EQ(certificates_.Revoke("carl").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(certificates_.Revoke("../ann").code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(certificates_.Revoke("ben").ok());
  EXPECT_FALSE(certificates_.Check("ben", Role::kWork, TokenOf("ben")).ok());
  const auto list = certificates_.List();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_FALSE(list->at(0).revoked);
  EXPECT_TRUE(list->at(1).revoked);
  clock_.Advance(10 * kDay);
  EXPECT_FALSE(certificates_.Check("ann", Role::kSubmit, token).ok());
}

TEST_F(CertificateFolderTest, TheAuthorityIsNeverOverwritten) {
  ASSERT_TRUE(certificates_.Init({"farm.example"}, 100).ok());
  const std::string authority = ReadFile(folder_ / "tls" / kAuthorityFile).value();
  EXPECT_EQ(certificates_.Init({"farm.example"}, 100).code(), absl::StatusCode::kAlreadyExists);
  std::filesystem::remove(folder_ / "tls" / kAuthorityFile);
  EXPECT_EQ(certificates_.Init({"farm.example"}, 100).code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "tls" / kAuthorityFile, authority).ok());
  ASSERT_TRUE(certificates_.SetHosts({"other.example"}, 50).ok());
  EXPECT_EQ(ReadFile(folder_ / "tls" / kAuthorityFile).value(), authority);
  const auto serving = certificates_.ForServing();
  ASSERT_TRUE(serving.ok()) << serving.status();
  const auto facts = ReadCertificate(serving->own.certificate);
  EXPECT_EQ(facts->hosts,
            (std::vector<std::string>{"other.example", "localhost", "127.0.0.1", "::1"}));
  clock_.Advance(50 * kDay);
  EXPECT_EQ(certificates_.ForServing().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CertificateFolderTest, NothingIsIssuedBeyondTheAuthoritysEnd) {
  EXPECT_FALSE(certificates_.Issue("ann", Role::kSubmit, 10, folder_ / "ann").ok());
  for (const int days : {0, -1, 36501}) EXPECT_FALSE(certificates_.Init({}, days).ok()) << days;
  ASSERT_TRUE(certificates_.Init({}, 20).ok());
  EXPECT_FALSE(certificates_.Issue("ann", Role::kSubmit, 21, folder_ / "ann").ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ann"));
  EXPECT_TRUE(certificates_.Issue("ann", Role::kSubmit, 20, folder_ / "ann").ok());
}

TEST(IssuedRecordTest, ComesBackWholeAndNonsenseIsRefused) {
  const IssuedRecord record{"ann",     Role::kOperate, std::string(64, 'b'),
                            5'000'000, 9'000'000,      true};
  const std::string text = SerializeIssued(record);
  EXPECT_EQ(ParseIssued(text).value(), record);
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(ParseIssued(text.substr(0, size)).ok()) << size;
  }
  for (const auto& [from, to] :
       {std::pair("\"ann\"", "\"../ann\""), std::pair("\"ann\"", "7"), std::pair("operate", "king"),
        std::pair("true", "1"), std::pair("\"end\":9", "\"end\":-9"),
        std::pair("\"end\":9", "\"end\":99999999999999999999"), std::pair("bbbb", "BBBB")}) {
    std::string spoilt = text;
    spoilt.replace(spoilt.find(from), std::string(from).size(), to);
    EXPECT_FALSE(ParseIssued(spoilt).ok()) << spoilt;
  }
  for (const char* other : {"", "[]", "null", "{}", "7"}) EXPECT_FALSE(ParseIssued(other).ok());
}

}  // namespace
}  // namespace stereofarm
