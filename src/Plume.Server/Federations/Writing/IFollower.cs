using Plume.Federation.Books;
using Plume.Server.Federations.Records;

namespace Plume.Server.Federations.Writing;

/// <summary>
/// A part of the server that knows something because of what happened. A restart tells it everything since the newest version
/// again.
/// </summary>
interface IFollower
{
    /// <summary>Takes in what was entered in the books. Under the turn.</summary>
    /// <param name="happened">What happened; null where a version was committed.</param>
    /// <param name="entry">What it came to.</param>
    void Follow(LedgerEvent? happened, BooksEntry entry);
}
