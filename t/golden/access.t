#!/usr/bin/perl
# postern access test and postern import, as an admin types them.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $build = $ENV{builddir} // '.';
my $postern = "$build/postern";

plan skip_all => 'postern is not built' unless -x $postern;

my $dir = tempdir(CLEANUP => 1);

sub put {
	my ($name, $text) = @_;
	open my $fh, '>', "$dir/$name" or die "$dir/$name: $!";
	print $fh $text;
	close $fh;
}

put('a.access', <<"EOT");
client 192.0.2.0/24 reject "Go away" by anna note "abuse of 2 May"
client 192.0.2.7    allow
client .dyn.example score 2.5
sender example.com  reject unless spf-pass
rcpt   trap\@example.org tempfail until 2026-01-01
postfix client cidr:$dir/table.cidr
EOT
put('table.cidr', "192.0.2.0/25 DUNNO\n203.0.113.0/24 450 4.7.1 later\n");
put('list', "< wire ><20>\n<a>,<b>,<c><5>\n");

my @cases = (
	['192.0.2.7', 0, [
		'client 192.0.2.7: allow',
		'  decides  allow      DIR/a.access:2 192.0.2.7',
		'  would    reject     DIR/a.access:1 192.0.2.0/24 "Go away" by anna (abuse of 2 May)',
		'  passed   dunno      DIR/table.cidr:1 192.0.2.0/25']],
	['203.0.113.1', 1, [
		'client 203.0.113.1: tempfail',
		'  decides  tempfail   DIR/table.cidr:2 203.0.113.0/24 "later"']],
	['--name a.dyn.example 198.51.100.1', 0, [
		'client a.dyn.example 198.51.100.1: no line decides',
		'  adds     score      DIR/a.access:3 .dyn.example +2.5']],
	['--kind sender eve@example.com', 1, [
		'sender eve@example.com: reject',
		'  decides  reject     DIR/a.access:4 example.com']],
	['--kind sender --spf-pass eve@example.com', 0, [
		'sender eve@example.com: no line decides',
		'  excused  reject     DIR/a.access:4 example.com']],
	['--kind rcpt --now 1767225599 trap@example.org', 1, [
		'recipient trap@example.org: tempfail',
		'  decides  tempfail   DIR/a.access:5 trap@example.org']],
	['--kind rcpt --now 1767312000 trap@example.org', 0, [
		'recipient trap@example.org: no line decides',
		'  expired  tempfail   DIR/a.access:5 trap@example.org']],
	['--json --kind helo x', 0, [
		'{"kind":"helo","key":"x","decision":"none","score":0.0,"entries":[]}']],
);

for my $case (@cases) {
	my ($words, $code, $want) = @$case;
	my $out = `$postern access -c /dev/null -o access=$dir test $words`;
	is($? >> 8, $code, "access test $words: exit code $code");
	$out =~ s/\Q$dir\E/DIR/g;
	is($out, join('', map {"$_\n"} @$want), 'and what it says');
}

for my $wrong ('', 'test', 'show 192.0.2.1', 'test --kind moon x') {
	my $said = `$postern access -c /dev/null $wrong 2>&1`;
	is($? >> 8, 2, "access $wrong: exit code 2");
	is(scalar(() = $said =~ /\n/g), 1, 'and one line');
}

my $dict = `$postern import --format dansguardian --name money $dir/list 2>$dir/said`;
is($? >> 8, 0, 'import');
like($dict, qr/^name +money\n.*^mode +shadow.*^---\n20 "wire"\n\z/ms, 'a dictionary in shadow mode');
put('money.dict', $dict);
system("$postern lint -c /dev/null --rules $dir/money.dict >$dir/lint 2>&1");
is($? >> 8, 0, 'that loads');

done_testing;
