#!/usr/bin/perl
# Our hits, and the texts rules are matched against, held against those of the
# installed SpamAssassin: the messages of the golden cases and those of
# t/parity/mail, which are odd on purpose, by its stock rules and by the cases'
# own. POSTERN_CORPUS names directories of more mail, separated by colons;
# POSTERN_CORPUS_MAX how many of their messages, spread evenly, are looked at.
use strict;
use warnings;
use File::Find ();
use File::Temp ();
use FindBin;
use Test::More;

my $build = $ENV{builddir} // '.';
my $stock = '/usr/share/spamassassin';
my $golden = "$FindBin::Bin/../golden";

plan skip_all => 'postern is not built' unless -x "$build/postern";
plan skip_all => 'SpamAssassin is not installed'
    unless -d $stock && eval { require Mail::SpamAssassin; 1 };

my @mail = (glob("$golden/*/msg.eml"), glob("$FindBin::Bin/mail/*.eml"));
cmp_ok(scalar @mail, '>', 100, scalar(@mail) . ' messages of our own');

# Exit code and output.
sub compare {
	my ($mail, @words) = @_;
	open my $fh, '-|', "$FindBin::Bin/compare", '--postern',
	    "$build/postern", @words, @$mail or die "compare: $!";
	my $out = do { local $/; <$fh> };
	close $fh;
	return ($? >> 8, $out);
}

sub agrees {
	my ($name, $mail, @words) = @_;
	my ($code, $out) = compare($mail, @words);
	my ($equal) = $out =~ /^(?:hits|texts) equal\s+(\d+)/m;
	is($code, 0, "$name: everything agrees") or diag($out);
	cmp_ok($equal // 0, '>', 0, "$name: " . ($equal // 0) . ' are equal');
	my ($messages) = $out =~ /^messages\s+(\d+)/m;
	is($messages, scalar @$mail, "$name: all messages were compared");
	note($out);
}

my @stock = ('--rules', $stock);
agrees('texts', \@mail, '--texts', '--plugins', 'local', @stock);
agrees("hits, plugin set $_", \@mail, '--plugins', $_, @stock)
    for qw(core local);
for my $case (qw(mime counts-and-metas headers html-text-characters
    eval-odd-arguments freemail-edits-body language-parts language-rules)) {
	agrees("the rules of $case", \@mail, '--plugins', 'local', '--rules',
	    "$stock/20_aux_tlds.cf", '--rules', "$golden/$case/rules.cf");
}

# A difference is seen: the same, less one hit, and with one count changed.
{
	my $file = File::Temp->new;
	open my $fh, '-|', "$FindBin::Bin/reference", '--rules',
	    "$golden/counts-and-metas/rules.cf",
	    "$golden/counts-and-metas/msg.eml" or die "reference: $!";
	my $line = <$fh>;
	close $fh;
	for ([missing => sub { $_[0] =~ s/"hits":\["[^"]+",/"hits":[/r }],
	    [counts => sub { $_[0] =~ s/("counts":\{"[^"]+":)\d+/${1}99/r }]) {
		my ($what, $change) = @$_;
		my $changed = $change->($line);
		isnt($changed, $line, "$what: something is changed");
		open my $out, '>', $file->filename or die;
		print $out $changed;
		close $out;
		my ($code) = compare(["$golden/counts-and-metas/msg.eml"],
		    '--reference', $file->filename, '--rules',
		    "$golden/counts-and-metas/rules.cf");
		is($code, 1, "$what: the difference is told");
	}
}

SKIP: {
	skip 'POSTERN_CORPUS is not set: no corpus is compared', 1
	    if ($ENV{POSTERN_CORPUS} // '') eq '';
	my @all;
	File::Find::find({ no_chdir => 1, wanted => sub {
		push @all, $File::Find::name if -f && !m{/\.};
	} }, grep { -d } split /:/, $ENV{POSTERN_CORPUS});
	skip 'POSTERN_CORPUS holds no mail', 1 unless @all;
	my $most = $ENV{POSTERN_CORPUS_MAX} // 200;
	my $step = @all > $most ? @all / $most : 1;
	@all = sort @all;
	my @some = map { $all[int($_ * $step)] } 0 .. int(@all / $step) - 1;
	note(scalar(@some) . ' messages of ' . scalar(@all));
	agrees('corpus, texts', \@some, '--texts', '--plugins', 'local', @stock);
	for my $set (qw(core local)) {
		my ($code, $out) = compare(\@some, '--plugins', $set, @stock);
		my ($percent) = $out =~ /^percent of hits equal\s+([\d.]+)/m;
		my ($missing) = $out =~ /^hits missing\s+(\d+)/m;
		cmp_ok($percent, '>=', 99.5,
		    "corpus, hits, plugin set $set: $percent percent equal");
		is($missing, 0, "corpus, plugin set $set: none is missing")
		    or diag($out);
		note($out);
	}
}
done_testing();
