#!/usr/bin/perl
# Our hits against those of the installed SpamAssassin: the messages of the
# golden cases, by its stock rules and by the cases' own. More mail:
# t/parity/compare DIR.
use strict;
use warnings;
use FindBin;
use Test::More;

my $build = $ENV{builddir} // '.';
my $stock = '/usr/share/spamassassin';
my $golden = "$FindBin::Bin/../golden";

plan skip_all => 'postern is not built' unless -x "$build/postern";
plan skip_all => 'SpamAssassin is not installed'
    unless -d $stock && eval { require Mail::SpamAssassin; 1 };

my @mail = glob "$golden/*/msg.eml";
cmp_ok(scalar @mail, '>', 20, scalar(@mail) . ' messages');

sub compare {
	my ($name, @words) = @_;
	open my $fh, '-|', "$FindBin::Bin/compare", '--postern',
	    "$build/postern", @words, @mail or die "compare: $!";
	my $out = do { local $/; <$fh> };
	close $fh;
	is($? >> 8, 0, "$name: every hit agrees") or diag($out);
	my ($hits) = $out =~ /^hits equal\s+(\d+)/m;
	cmp_ok($hits // 0, '>', 0, "$name: there are hits");
	note($out);
}

compare('the stock rules', '--plugins', 'core', '--rules', $stock);
for my $case (qw(mime counts-and-metas headers)) {
	compare("the rules of $case", '--plugins', 'core', '--rules',
	    "$golden/$case/rules.cf");
}
done_testing();
