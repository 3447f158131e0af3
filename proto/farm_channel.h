#ifndef STEREOFARM_PROTO_FARM_CHANNEL_H_
#define STEREOFARM_PROTO_FARM_CHANNEL_H_

#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/certs/credentials.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace stereofarm {

// Where a coordinator serves, and what lets the caller in there.
struct FarmPlace {
  std::string address;                     // "unix:PATH" or "HOST:PORT"
  std::optional<Credentials> credentials;  // none: a farm that speaks without TLS
};

// `address` with the credentials of `tls_folder`, none if that's empty. InvalidArgument: one
// sentence about the option that is wrong.
absl::StatusOr<FarmPlace> PlaceOfFarm(const std::string& address, const std::string& tls_folder,
                                      Clock* clock);

// The only way in: with credentials, a channel with TLS on which every call carries the token.
// Connects when it's first used.
std::shared_ptr<grpc::Channel> OpenFarmChannel(const FarmPlace& place,
                                               const grpc::ChannelArguments& arguments);

// Why a farm can't be reached, in one sentence for the caller: nobody there, TLS that doesn't fit,
// a certificate that isn't taken. `detail` is what gRPC said.
std::string WhyUnreachable(const FarmPlace& place, const std::string& detail);

}  // namespace stereofarm

#endif  // STEREOFARM_PROTO_FARM_CHANNEL_H_
