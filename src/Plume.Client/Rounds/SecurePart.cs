using System.Security.Cryptography;
using Plume.Client.Identity;
using Plume.Client.State;
using Plume.Client.Transfers;
using Plume.Compression.Wire;
using Plume.Federation.SecureRounds;
using Plume.Federation.SecureSums;
using Plume.Protocol.V1;
using What = Plume.Protocol.V1.SumTripReply.Types.What;

namespace Plume.Client.Rounds;

/// <summary>
/// A client's part in one session of a secure sum: its trips in order, each again until the server has answered it. Its secrets
/// are in this object alone, and are gone with it.
/// </summary>
sealed class SecurePart : IDisposable
{
    readonly SecureRound round;
    readonly KeptUpdate update;
    readonly SumClient client;
    readonly ClientFolder folder;
    readonly SumTrips trips;
    readonly CertifiedIdentity? identity;
    SumPhase trip;
    byte[] message;
    bool isSent;
    byte[] set = [];

    /// <summary>A part at the start of a session.</summary>
    /// <exception cref="SumRefusedException">The session asks for less than a client of ours gives its words to.</exception>
    public SecurePart(SecureRound round, KeptUpdate update, int number, ClientFolder folder, SumTrips trips,
        CertifiedIdentity? identity)
    {
        (this.round, this.update, this.folder, this.trips, this.identity) = (round, update, folder, trips, identity);
        client = new SumClient(round.Terms, number, RandomNumberGenerator.Create(), identity);
        message = client.AnnounceKeys();
    }

    /// <summary>Makes one call.</summary>
    /// <returns>What became of the part; null where it goes on.</returns>
    /// <exception cref="SumRefusedException">What the server asks would tell more than the sum.</exception>
    public async Task<SumTripReply?> StepAsync(CancellationToken cancellation)
    {
        var header = new SumTripHeader
        {
            Round = (uint)update.Round,
            Attempt = (uint)update.Attempt,
            Session = (ulong)round.Task.Session,
            Trip = TripOf(trip),
        };
        var reply = await trips.MakeAsync(header, isSent ? default : message, cancellation).ConfigureAwait(false);
        switch (reply.What)
        {
            case What.Open:
                isSent = true;
                return null;
            case What.Again:
                isSent = false;
                return null;
            case What.Told:
                identity?.Hear(reply.Identities.Select(each => ((int)each.Client, each.Certificate.Memory)));
                message = Next(reply.Told.Span);
                (trip, isSent) = (trip == SumPhase.Masked && !round.Task.IsSigned ? SumPhase.Unmasking : trip + 1, false);
                return null;
            default:
                return reply;
        }
    }

    /// <summary>Forgets its secrets.</summary>
    public void Dispose()
    {
        client.Dispose();
        identity?.Dispose();
    }

    byte[] Next(ReadOnlySpan<byte> told)
    {
        switch (trip)
        {
            case SumPhase.Keys:
                return client.Share(told);
            case SumPhase.Shares:
                return client.Mask(told, WordsOf());
            case SumPhase.Masked:
                set = client.SetHash(told);
                return round.Task.IsSigned ? client.SignContributors(told) : Unmask(told);
            case SumPhase.Consistency:
                return Unmask(told);
            default:
                throw new InvalidPayloadException($"The server answered a {trip} trip with something to go on by.");
        }
    }

    byte[] Unmask(ReadOnlySpan<byte> told)
    {
        byte[] answer = client.Unmask(told);
        // Durable before it is sent: whoever could ask for two sums of one round would know their difference.
        return folder.Unmask(update.Round, set) ? answer
            : throw new SumRefusedException(
                $"The client has unmasked a sum of round {update.Round} or a later one already, and two sums of a round would "
                    + $"tell their difference.");
    }

    uint[] WordsOf() => round.WordsOf(update.Payload, round.Task.WeightOf(update.Samples), update.Loss);

    static SumTripHeader.Types.Trip TripOf(SumPhase trip) => trip switch
    {
        SumPhase.Keys => SumTripHeader.Types.Trip.Keys,
        SumPhase.Shares => SumTripHeader.Types.Trip.Shares,
        SumPhase.Masked => SumTripHeader.Types.Trip.Masked,
        SumPhase.Consistency => SumTripHeader.Types.Trip.Consistency,
        _ => SumTripHeader.Types.Trip.Unmasking,
    };
}
